// Checksums of a header that is changed.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  u32 from[2] = {0x01020304, 0x05060708}, to[2] = {0x0a0b0c0d, 0x11121314};
  s64 difference = csum_diff(from, 8, to, 8, 17), added = csum_diff(0, 0, to, 4, 0);
  if (l3_csum_replace(skb, 24, 0x1234, 0x4321, 2) != 0) return -1;
  if (l3_csum_replace(skb, 24, 0, difference, 0) != 0) return -2;
  if (l4_csum_replace(skb, 36, 0x01020304, 0x04030201, 4 | 0x20) != 0) return -3;
  if (l4_csum_replace(skb, 36, 1, 2, 4 | 0x10) != 0) return -4;
  u16 first = 0, second = 0;
  skb_load_bytes(skb, 24, &first, 2);
  skb_load_bytes(skb, 36, &second, 2);
  return (u32)difference + (u32)added * 3 + first * 5 + second * 7 + (int)l3_csum_replace(skb, 23, 0, 0, 2);
}
