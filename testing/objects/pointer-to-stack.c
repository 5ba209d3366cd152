// A subprogram that writes through a pointer into its caller's frame.
#include "bpf.h"

NOINLINE u64 fill(u64 *out, u64 x) {
  out[0] = x;
  out[1] = x * x;
  out[2] = x * x * x;
  return x;
}
SEC("kprobe/pointer")
int program(u64 *in) {
  u64 values[3];
  fill(values, in[0] + 5);
  return (int)(values[0] + values[1] + values[2]);
}
