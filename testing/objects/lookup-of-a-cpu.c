// Values of the CPU that runs, and of another one.
#include "bpf.h"

struct { __uint(type, PERCPU_ARRAY); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } counts SEC(".maps");
SEC("kprobe/percpu")
int program(void *context) {
  u32 key = 1;
  u64 *own = map_lookup_percpu(&counts, &key, get_smp_processor_id());
  if (!own) return -1;
  *own += 40;
  own = map_lookup(&counts, &key);
  return own ? (int)*own + (map_lookup_percpu(&counts, &key, 7) == 0) : -2;
}
