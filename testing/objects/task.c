// Who runs.
#include "bpf.h"

SEC("tracepoint/sched/task")
int program(void *context) {
  char name[16] = {};
  s64 named = get_current_comm(name, sizeof name);
  u64 ids = get_current_pid_tgid() + get_current_uid_gid() + get_current_cgroup_id() + get_smp_processor_id();
  return (u32)(ids >> 32) + (u32)ids + name[0] * 7 + name[2] + (int)named + (get_current_task() != 0) + (int)get_numa_node_id();
}
