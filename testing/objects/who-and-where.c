// The task and the CPU that run the program.
#include "bpf.h"

SEC("kprobe/who")
int program(void *in) {
  u64 id = get_current_pid_tgid();
  return (int)((u32)id * 7 + (id >> 32) + get_smp_processor_id());
}
