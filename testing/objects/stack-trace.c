// Stacks by number, of the kernel and of the process.
#include "bpf.h"

struct { __uint(type, STACK_TRACE); __uint(max_entries, 1024); __uint(key_size, 4); __uint(value_size, 1016); } stacks SEC(".maps");
SEC("kprobe/stack")
int program(void *context) {
  s64 kernel = get_stackid(context, &stacks, 0), user = get_stackid(context, &stacks, 0x100);
  return (int)(kernel + user * 3 + get_stackid(context, &stacks, 2) * 5 + get_stackid(context, &stacks, 1 << 20) * 7);
}
