// A packet that becomes longer and shorter, at its start, at its end, and behind its headers.
#include "bpf.h"

SEC("tc")
int program(struct sk_buff *skb) {
  u32 lengths = skb->len;
  u16 type = 0x0008;
  if (skb_change_head(skb, 14, 0) != 0) return -1;
  lengths = lengths * 7 + skb->len;
  if (skb_change_tail(skb, 90, 0) != 0) return -2;
  lengths = lengths * 7 + skb->len;
  if (skb_store_bytes(skb, 12, &type, 2, 0) != 0) return -3;
  int room = (int)skb_adjust_room(skb, 8, 1, 0), proto = (int)skb_change_proto(skb, 0xdd86, 0);
  lengths = lengths * 7 + skb->len;
  if (skb_change_type(skb, 3) != 0 || skb_change_type(skb, 9) != -22) return -4;
  u8 *data = PACKET(skb), *end = PACKET_END(skb);
  if (data + 20 > end) return -5;
  return lengths + data[12] + room * 3 + proto * 5 + skb->pkt_type;
}
