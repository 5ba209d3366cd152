// A per-CPU array, as the one CPU of a run sees it.
#include "bpf.h"

struct { __uint(type, PERCPU_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } counts SEC(".maps");
SEC("kprobe/percpu")
int program(u64 *in) {
  u32 key = 1;
  u64 *value = map_lookup(&counts, &key);
  if (!value) return -1;
  *value += in[0] + 21;
  *value *= 2;
  return (int)*value;
}
