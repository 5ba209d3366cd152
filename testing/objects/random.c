// Two random numbers.
#include "bpf.h"

SEC("kprobe/random")
int program(void *in) {
  u32 first = get_prandom_u32(), second = get_prandom_u32();
  return (int)(first ^ (second << 1)) + (first != second);
}
