// Eight numbers, sorted on the stack.
#include "bpf.h"

SEC("kprobe/sort")
int program(u8 *in) {
  u32 a[8];
  for (u32 i = 0; i < 8; i++) a[i] = (in[i] + 37 * (i + 1)) % 29;
  for (u32 i = 0; i < 8; i++)
    for (u32 j = 0; j + 1 < 8 - i; j++)
      if (a[j] > a[j + 1]) {
        u32 kept = a[j];
        a[j] = a[j + 1];
        a[j + 1] = kept;
      }
  u32 digits = 0;
  for (u32 i = 0; i < 8; i++) digits = digits * 7 + a[i];
  return digits;
}
