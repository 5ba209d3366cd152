// A bounded loop that the compiler keeps.
#include "bpf.h"

SEC("kprobe/loop")
int program(u32 *in) {
  u32 sum = in[0];
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 500; i++) {
    sum += i * i;
    sum ^= sum << 3;
  }
  return sum;
}
