// Every 64-bit operation on values of the input.
#include "bpf.h"

SEC("kprobe/alu")
int program(u64 *in) {
  u64 a = in[0] + 0x123456789abcdefULL, b = in[1] + 77;
  u64 r = a + b;
  r ^= a - b;
  r += a * b;
  r ^= a / (b | 1);
  r += a % (b | 1);
  r |= a & b;
  r ^= a << (b & 63);
  r += a >> (b & 63);
  r ^= (u64)((s64)a >> (b & 63));
  r = -r;
  return r ^ (r >> 32);
}
