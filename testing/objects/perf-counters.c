// Counters of perf events, by their array and of the program's own event.
#include "bpf.h"

struct { __uint(type, PERF_EVENTS); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
struct value { u64 counter, enabled, running; };
SEC("kprobe/counters")
int counters(void *context) {
  u64 first = perf_event_read(&events, 0xffffffff), second = perf_event_read(&events, 0);
  struct value value = {};
  s64 read = perf_event_read_value(&events, 0xffffffff, &value, sizeof value);
  s64 none = perf_event_read_value(&events, 1, &value, sizeof value);
  return (int)(second - first) + (int)read * 3 + (int)none * 5 + (int)perf_event_read(&events, 7) * 7 + (int)value.counter;
}
SEC("perf_event")
int own(void *context) {
  struct value value = {};
  s64 read = perf_prog_read_value(context, &value, sizeof value), wrong = perf_prog_read_value(context, &value, 8);
  return (int)(read + wrong * 3 + (int)value.running);
}
