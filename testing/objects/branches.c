// Every comparison, signed and unsigned.
#include "bpf.h"

SEC("kprobe/branches")
int program(s64 *in) {
  s64 a = in[0] - 5, b = in[1] + 5;
  u64 x = (u64)a, y = (u64)b;
  int bits = 0;
  if (a == b) bits |= 1;
  if (a != b) bits |= 2;
  if (a < b) bits |= 4;
  if (a <= b) bits |= 8;
  if (x < y) bits |= 16;
  if (x <= y) bits |= 32;
  if (x & y) bits |= 64;
  if ((s32)a > (s32)b) bits |= 128;
  if ((u32)x >= (u32)y) bits |= 256;
  return bits;
}
