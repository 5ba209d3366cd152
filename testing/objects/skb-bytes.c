// Bytes of a packet copied in and out, by an offset from its start or from the header of the network.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  u64 word = 0x1122334455667788, back = 0;
  u32 near = 0;
  if (skb_pull_data(skb, 40) != 0) return -1;
  if (skb_store_bytes(skb, 20, &word, 8, 0) != 0) return -2;
  if (skb_load_bytes(skb, 18, &back, 8) != 0) return -3;
  if (skb_load_bytes_relative(skb, 8, &near, 4, 1) != 0) return -4;
  if (skb_load_bytes(skb, 4000, &word, 8) != -14 || word != 0) return -5;
  return (u32)(back >> 13) + near + (int)skb_store_bytes(skb, 1 << 20, &back, 8, 0);
}
