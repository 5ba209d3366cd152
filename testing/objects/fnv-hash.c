// A hash of bytes, FNV-1a.
#include "bpf.h"

SEC("kprobe/fnv")
int program(u8 *in) {
  u64 hash = 0xcbf29ce484222325ULL;
#pragma clang loop unroll(disable)
  for (u32 i = 0; i < 64; i++) {
    hash ^= (u8)(in[i] + i);
    hash *= 0x100000001b3ULL;
  }
  return (int)(hash ^ (hash >> 32));
}
