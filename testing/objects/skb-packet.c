// A packet read and written through its bounds, and how much lies before it.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  u8 *data = PACKET(skb), *end = PACKET_END(skb), *meta = (u8 *)(u64)skb->data_meta;
  if (data + 40 > end) return -1;
  for (int i = 0; i < 40; i++) data[i] = (u8)(i * 7);
  u32 sum = 0;
  for (int i = 0; i < 40; i += 4) sum = sum * 31 + *(u32 *)(data + i);
  return sum + (u32)(data - meta) + (u32)(end - data);
}
