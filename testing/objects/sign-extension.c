// Bytes, halves and words made wider with their sign.
#include "bpf.h"

SEC("kprobe/extend")
int program(u8 *in) {
  signed char a = in[0] - 1;
  short b = *(short *)(in + 2) - 300;
  s32 c = *(s32 *)(in + 4) - 70000;
  s64 sum = (s64)a + b + c;
  return (int)(sum ^ (sum >> 40));
}
