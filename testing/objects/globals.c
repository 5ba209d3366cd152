// Variables of .data, .bss and .rodata, changed and read again.
#include "bpf.h"

const volatile u32 step = 3;
u64 total = 100;
u64 calls;
u8 text[8] = "abcdefg";
SEC("kprobe/globals")
int program(u64 *in) {
  for (int i = 0; i < 7; i++) total += text[i] * step;
  calls++;
  text[0] = (u8)calls;
  return (int)(total + calls + text[0]);
}
