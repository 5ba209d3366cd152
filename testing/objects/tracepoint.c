// A record of a tracepoint, the arguments of a function, and registers: they may only be read.
#include "bpf.h"

struct entry { u64 head; u64 number; u64 arguments[6]; };
SEC("tracepoint/syscalls/sys_enter_openat")
int record(struct entry *entry) {
  return (int)(entry->number + entry->arguments[5] + (u32)entry->head) + 1;
}
SEC("fentry/vfs_read")
int arguments(u64 *in) { return (int)(in[0] + in[2] * 3) + 2; }
SEC("raw_tp/sched_switch")
int raw(u64 *in) { return (int)in[1] + 3; }
