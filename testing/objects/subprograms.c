// Functions that call each other, with five arguments.
#include "bpf.h"

NOINLINE u64 mix(u64 a, u64 b, u64 c, u64 d, u64 e) {
  return (a ^ b) + (c ^ d) * 3 + e;
}
NOINLINE u64 twice(u64 a, u64 b) {
  return mix(a, b, a + b, a - b, 7) + mix(b, a, 1, 2, 3);
}
SEC("kprobe/subprograms")
int program(u64 *in) {
  return (int)(twice(in[0] + 1, in[1] + 2) + mix(1, 2, 3, 4, 5));
}
