// Packets counted by their length in a map.
#include "bpf.h"

struct { __uint(type, HASH); __uint(max_entries, 64); __type(key, u32); __type(value, u64); } lengths SEC(".maps");
SEC("xdp")
int program(struct xdp_md *context) {
  u32 length = (u32)(PACKET_END(context) - PACKET(context));
  u64 one = 1, *count = map_lookup(&lengths, &length);
  if (count) return XDP_DROP;
  map_update(&lengths, &length, &one, ANY);
  count = map_lookup(&lengths, &length);
  return count ? (int)*count + length : XDP_DROP;
}
