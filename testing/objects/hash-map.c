// A hash map: insert, find, replace, delete, all outcomes.
#include "bpf.h"

struct { __uint(type, HASH); __uint(max_entries, 2); __type(key, u32); __type(value, u64); } flows SEC(".maps");
SEC("kprobe/hash")
int program(void *in) {
  u32 a = 1, b = 2, c = 3;
  u64 x = 10, y = 20;
  int result = (int)map_update(&flows, &a, &x, EXIST);
  result = result * 3 + (int)map_update(&flows, &a, &x, NOEXIST);
  result = result * 3 + (int)map_update(&flows, &a, &y, NOEXIST);
  result = result * 3 + (int)map_update(&flows, &b, &y, ANY);
  result = result * 3 + (int)map_update(&flows, &c, &y, ANY);
  u64 *found = map_lookup(&flows, &b);
  if (found) result += (int)*found;
  result = result * 3 + (int)map_delete(&flows, &a);
  result = result * 3 + (int)map_delete(&flows, &a);
  return result;
}
