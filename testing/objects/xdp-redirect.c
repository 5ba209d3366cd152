// Maps that packets are redirected by, which only somebody else fills.
#include "bpf.h"

struct { __uint(type, DEVMAP); __uint(max_entries, 4); __uint(key_size, 4); __uint(value_size, 4); } devices SEC(".maps");
struct { __uint(type, DEVMAP_HASH); __uint(max_entries, 4); __uint(key_size, 4); __uint(value_size, 4); } named SEC(".maps");
struct { __uint(type, CPUMAP); __uint(max_entries, 4); __uint(key_size, 4); __uint(value_size, 4); } cpus SEC(".maps");
struct { __uint(type, XSKMAP); __uint(max_entries, 4); __uint(key_size, 4); __uint(value_size, 4); } sockets SEC(".maps");
SEC("xdp")
int program(struct xdp_md *context) {
  u32 key = context->rx_queue_index;
  s64 sum = redirect_map(&devices, key, XDP_PASS);
  sum = sum * 10 + redirect_map(&devices, 1, 8);
  sum = sum * 10 + redirect_map(&named, 77, XDP_DROP);
  sum = sum * 10 + redirect_map(&cpus, 3, 0);
  sum = sum * 10 + redirect_map(&sockets, key, 4);
  sum = sum * 10 + (map_lookup(&sockets, &key) != 0);
  return (int)(sum * 10 + redirect(context->ingress_ifindex + 5, 0));
}
