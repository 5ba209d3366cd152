// A choice among many.
#include "bpf.h"

SEC("kprobe/switch")
int program(u8 *in) {
  int sum = 0;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 12; i++) {
    switch ((in[0] + i) % 10) {
      case 0: sum += 3; break;
      case 1: sum ^= 0x55; break;
      case 2: sum *= 3; break;
      case 3: sum -= 11; break;
      case 5: sum <<= 1; break;
      case 8: sum = ~sum; break;
      default: sum++;
    }
  }
  return sum;
}
