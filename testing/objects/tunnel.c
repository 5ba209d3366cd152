// The key of a tunnel and its options, set and read back.
#include "bpf.h"

struct key { u32 id, remote[4]; u8 tos, ttl; u16 ext; u32 label, local[4]; };
SEC("tc")
int program(struct sk_buff *skb) {
  struct key key = {.id = 99, .ttl = 64}, back = {};
  u64 options = 0x8877665544332211, read = 0;
  if (skb_set_tunnel_opt(skb, &options, 8) != -22) return -1;
  if (skb_get_tunnel_key(skb, &back, sizeof back, 0) != -22) return -2;
  if (skb_set_tunnel_key(skb, &key, sizeof key, 0) != 0) return -3;
  if (skb_get_tunnel_opt(skb, &read, 8) != -2) return -4;
  if (skb_set_tunnel_opt(skb, &options, 8) != 0) return -5;
  if (skb_get_tunnel_key(skb, &back, sizeof back, 0) != 0) return -6;
  s64 bytes = skb_get_tunnel_opt(skb, &read, 8);
  return back.id * 1000 + back.ttl + (u32)bytes * 7 + (u32)(read >> 32) + (u32)skb_get_tunnel_opt(skb, &read, 4);
}
