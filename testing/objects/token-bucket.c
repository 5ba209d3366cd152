// A rate limit kept in a map, against the clock.
#include "bpf.h"

struct bucket { u64 last; u64 tokens; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct bucket); } buckets SEC(".maps");
SEC("xdp")
int program(struct xdp_md *context) {
  u32 key = 0;
  struct bucket *bucket = map_lookup(&buckets, &key);
  if (!bucket) return XDP_DROP;
  u64 now = ktime_get_ns();
  bucket->tokens += (now - bucket->last) / 1000;
  if (bucket->tokens > 50) bucket->tokens = 50;
  bucket->last = now;
  if (bucket->tokens == 0) return XDP_DROP;
  bucket->tokens--;
  return (int)bucket->tokens;
}
