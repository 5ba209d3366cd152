// A route looked up.
#include "bpf.h"

struct fib {
  u8 family, protocol;
  u16 sport, dport, length;
  u32 ifindex, tos, source[4], destination[4];
  u16 vlan, tci;
  u8 from[6], to[6];
};
SEC("xdp")
int program(struct xdp_md *context) {
  struct fib route = {.family = 2, .ifindex = 1, .destination = {0x0a000001}}, none = {.family = 2}, other = {.family = 77};
  int found = (int)fib_lookup(context, &route, sizeof route, 0);
  int missing = (int)fib_lookup(context, &none, sizeof none, 0), wrong = (int)fib_lookup(context, &other, sizeof other, 0);
  return found + missing * 3 + wrong * 5 + route.ifindex * 1000 + route.to[5] * 100 + route.from[5];
}
