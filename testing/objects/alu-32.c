// Every 32-bit operation, with what stays in the upper half.
#include "bpf.h"

SEC("kprobe/alu")
int program(u32 *in) {
  u32 a = in[0] + 0x89abcdefU, b = in[1] + 13;
  u32 r = a + b;
  r ^= a - b;
  r += a * b;
  r ^= a / (b | 1);
  r += a % (b | 1);
  r ^= a << (b & 31);
  r += a >> (b & 31);
  r ^= (u32)((s32)a >> (b & 31));
  return -r;
}
