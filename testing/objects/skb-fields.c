// Fields of a packet's context, read whole and in part, and written.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  skb->mark = skb->len * 3;
  skb->priority = skb->protocol + 7;
  skb->queue_mapping = 9;
  skb->tc_index = 0x12345;
  skb->tc_classid = 5;
  skb->cb[0] = 0x11223344;
  skb->cb[4] = skb->cb[0] >> 4;
  skb->tstamp = 1ull << 40;
  u32 low = *(u8 *)&skb->mark, half = *(u16 *)((u8 *)skb->cb + 2);
  return skb->mark + skb->priority + skb->queue_mapping + skb->tc_index + low + half + (u32)(skb->tstamp >> 38) +
         skb->ifindex + skb->ingress_ifindex + skb->pkt_type + skb->hash + skb->napi_id + skb->wire_len + skb->vlan_tci;
}
