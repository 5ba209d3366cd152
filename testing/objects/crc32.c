// A CRC, bit by bit.
#include "bpf.h"

SEC("kprobe/crc")
int program(u8 *in) {
  u32 crc = ~0U;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 16; i++) {
    crc ^= (u8)(in[i] + 3 * i);
#pragma clang loop unroll(disable)
    for (u32 bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
  }
  return (int)~crc;
}
