// Constants that take 64 bits.
#include "bpf.h"

SEC("kprobe/constants")
int program(u64 *in) {
  u64 x = in[0] ^ 0xfedcba9876543210ULL;
  x += 0x8000000000000000ULL;
  x ^= 0x00000000ffffffffULL;
  x -= 0xffffffff00000000ULL;
  return (int)(x >> 32) ^ (int)x;
}
