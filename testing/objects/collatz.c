// A loop whose length the data decide.
#include "bpf.h"

SEC("kprobe/collatz")
int program(u64 *in) {
  u64 n = in[0] + 27;
  u32 steps = 0;
#pragma clang loop unroll(disable)
  while (n != 1 && steps < 1000) {
    n = n & 1 ? 3 * n + 1 : n >> 1;
    steps++;
  }
  return steps;
}
