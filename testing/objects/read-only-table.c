// A table of constants that the program indexes.
#include "bpf.h"

static const u32 table[16] = {1, 2, 4, 8, 16, 32, 64, 128, 3, 9, 27, 81, 5, 25, 125, 625};
SEC("kprobe/table")
int program(u8 *in) {
  u32 sum = 0;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 16; i++) sum += table[(in[i] + i * 5) & 15];
  return sum;
}
