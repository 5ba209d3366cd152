// Records sent to perf events, with bytes of the packet behind them in one program.
#include "bpf.h"

struct { __uint(type, PERF_EVENTS); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
struct record { u32 pid; u32 what; u64 when; };
SEC("kprobe/output")
int traced(void *context) {
  struct record record = {.pid = (u32)(get_current_pid_tgid() >> 32), .what = 7, .when = ktime_get_ns()};
  s64 sent = perf_event_output(context, &events, 0xffffffff, &record, sizeof record);
  return (int)(sent * 3 + perf_event_output(context, &events, 1, &record, 4) * 5 + perf_event_output(context, &events, 9, &record, 4));
}
SEC("xdp")
int packet(struct xdp_md *context) {
  u32 length = (u32)(PACKET_END(context) - PACKET(context));
  s64 sent = perf_event_output(context, &events, 0xffffffff | (u64)32 << 32, &length, 4);
  return (int)(length + sent + perf_event_output(context, &events, 0xffffffff | (u64)5000 << 32, &length, 4));
}
