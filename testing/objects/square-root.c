// A square root by halving.
#include "bpf.h"

SEC("kprobe/root")
int program(u64 *in) {
  u64 x = in[0] + 1234567890123ULL, low = 0, high = 1ULL << 32;
#pragma clang loop unroll(disable)
  for (int i = 0; i < 32; i++) {
    u64 middle = (low + high) >> 1;
    if (middle * middle <= x) low = middle;
    else high = middle;
  }
  return (int)low;
}
