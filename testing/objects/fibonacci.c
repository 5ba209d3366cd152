// Numbers that each are the sum of two, modulo a prime.
#include "bpf.h"

SEC("kprobe/fibonacci")
int program(u64 *in) {
  u64 a = in[0], b = 1;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 300; i++) {
    u64 next = (a + b) % 1000000007;
    a = b;
    b = next;
  }
  return (int)a;
}
