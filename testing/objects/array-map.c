// An array: present and absent elements, updates that fail.
#include "bpf.h"

struct { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); } counts SEC(".maps");
SEC("kprobe/array")
int program(void *in) {
  u32 key = 2, beyond = 4;
  u64 one = 1, *value = map_lookup(&counts, &key);
  if (!value) return -1;
  *value += 40;
  int result = map_lookup(&counts, &beyond) == 0;
  result += (int)map_update(&counts, &beyond, &one, ANY);
  result += (int)map_update(&counts, &key, &one, NOEXIST);
  result += (int)map_delete(&counts, &key);
  return result + (int)*value;
}
