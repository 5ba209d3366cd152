// The hash of a packet: made, forgotten, and set.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  u32 made = get_hash_recalc(skb);
  if (made == 0 || made != skb->hash || get_hash_recalc(skb) != made) return -1;
  set_hash_invalid(skb);
  if (skb->hash != 0) return -2;
  set_hash(skb, 0x1234567);
  return skb->hash + get_hash_recalc(skb) * 3 + made;
}
