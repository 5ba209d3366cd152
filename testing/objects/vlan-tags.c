// Two VLAN tags pushed, and popped again.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  if (skb_vlan_push(skb, 0x0081, 100) != 0 || skb_vlan_push(skb, 0xa888, 7) != 0) return -1;
  u32 outer = skb->vlan_tci * 1000 + skb->vlan_proto, length = skb->len, inner = skb->protocol;
  u16 tci = 0;
  skb_load_bytes(skb, 14, &tci, 2);
  if (skb_vlan_pop(skb) != 0) return -2;
  u32 left = skb->vlan_tci * 1000 + skb->vlan_present;
  if (skb_vlan_pop(skb) != 0 || skb_vlan_pop(skb) != 0 || skb->vlan_present != 0) return -3;
  return outer + length * 3 + inner * 5 + tci * 7 + left * 11 + skb->len * 13;
}
