// Values of four sizes on the stack, read back in others.
#include "bpf.h"

SEC("kprobe/stack")
int program(void *in) {
  volatile u8 bytes[64];
  for (int i = 0; i < 64; i++) bytes[i] = (u8)(i * 7);
  volatile u64 *words = (volatile u64 *)(bytes + 8);
  *(volatile u16 *)(bytes + 24) = 0xbeef;
  *(volatile u32 *)(bytes + 32) = 0xdeadbeef;
  return (int)(words[0] + words[2] + words[3] + bytes[63]);
}
