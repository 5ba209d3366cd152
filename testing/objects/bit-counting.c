// Bits counted and reversed.
#include "bpf.h"

SEC("kprobe/bits")
int program(u64 *in) {
  u64 x = in[0] + 0xf0f1f2f3f4f5f6f7ULL, reversed = 0;
  int count = 0;
#pragma clang loop unroll(disable)
  for (int i = 0; i < 64; i++) {
    count += x & 1;
    reversed = reversed << 1 | (x & 1);
    x >>= 1;
  }
  return count ^ (int)(reversed >> 32) ^ (int)reversed;
}
