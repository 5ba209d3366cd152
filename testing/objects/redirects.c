// Where a packet goes: what is asked of the kernel is compared.
#include "bpf.h"

struct neighbour { u32 family, address[4]; };
SEC("tc")
int program(struct sk_buff *skb) {
  struct neighbour next = {.family = 2, .address = {0x0a000001}};
  s64 results = clone_redirect(skb, 3, 1) + clone_redirect(skb, 0, 0) * 3;
  results = results * 5 + redirect(skb->len, 1);
  results = results * 5 + redirect(4, 2);
  results = results * 5 + redirect_neigh(7, &next, sizeof next, 0);
  results = results * 5 + redirect_neigh(7, 0, 0, 0);
  results = results * 5 + redirect_peer(2, 0);
  return (int)results + (int)redirect_peer(2, 1);
}
