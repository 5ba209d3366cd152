// A hash with rotations, after Jenkins.
#include "bpf.h"

INLINE u32 rol(u32 x, u32 n) { return x << n | x >> (32 - n); }
NOINLINE u32 mix(u32 a, u32 b, u32 c) {
  a -= c; a ^= rol(c, 4); c += b;
  b -= a; b ^= rol(a, 6); a += c;
  c -= b; c ^= rol(b, 8); b += a;
  return a ^ rol(b, 16) ^ rol(c, 19);
}
SEC("kprobe/jenkins")
int program(u32 *in) { return mix(in[0] + 0xdeadbeef, in[1] + 12, in[2] + 3); }
