// Network byte order, both ways, in three widths.
#include "bpf.h"

SEC("kprobe/swap")
int program(u64 *in) {
  u64 x = in[0] + 0x0102030405060708ULL;
  u64 a = __builtin_bswap64(x);
  u32 b = __builtin_bswap32((u32)x);
  u16 c = __builtin_bswap16((u16)x);
  return (int)(a ^ b ^ c ^ (a >> 32));
}
