// A function that is made to fail.
#include "bpf.h"

SEC("kprobe/open_ctree")
int program(u64 *registers) {
  u64 before = registers[0];
  override_return(registers, -12);
  return (int)(registers[0] - before) + (int)registers[32];
}
