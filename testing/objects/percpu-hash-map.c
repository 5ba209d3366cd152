// A per-CPU hash map.
#include "bpf.h"

struct { __uint(type, PERCPU_HASH); __uint(max_entries, 16); __type(key, u64); __type(value, u32); } seen SEC(".maps");
SEC("kprobe/seen")
int program(u64 *in) {
  u64 key = in[0] + 99;
  u32 one = 1, *value = map_lookup(&seen, &key);
  if (value) return -1;
  map_update(&seen, &key, &one, ANY);
  value = map_lookup(&seen, &key);
  if (!value) return -2;
  *value += 41;
  return *value;
}
