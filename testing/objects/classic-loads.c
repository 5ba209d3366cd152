// Loads of a packet as classic BPF had them: at a number and at a register.
#include "bpf.h"

NOINLINE u32 outside(void *skb) {
  return (u32)load_byte(skb, 5000) + 1;
}
SEC("socket")
int program(struct sk_buff *skb) {
  u64 sum = load_half(skb, 12) + load_byte(skb, 14) * 3 + load_word(skb, 26);
  u32 at = skb->len & 63;
  sum += load_byte(skb, at) + load_half(skb, at + 1) * 5 + load_word(skb, at + 3) * 7;
  return (u32)sum + outside(skb) + skb->len;
}
SEC("socket/beyond")
int beyond(struct sk_buff *skb) {
  u32 mark = skb->len;
  mark += load_word(skb, 126);
  return mark;
}
