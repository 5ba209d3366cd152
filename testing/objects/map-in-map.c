// Arrays in an array, found through it.
#include "bpf.h"

struct inner { __uint(type, ARRAY); __uint(max_entries, 4); __type(key, u32); __type(value, u64); };
struct inner first SEC(".maps"), second SEC(".maps");
struct {
  __uint(type, ARRAY_OF_MAPS);
  __uint(max_entries, 3);
  __uint(key_size, 4);
  __array(values, struct inner);
} outer SEC(".maps") = {.values = {[0] = &first, [2] = &second}};
SEC("kprobe/maps")
int program(void *context) {
  u64 sum = 0;
  for (u32 slot = 0; slot < 4; slot++) {
    u32 key = slot, at = 1;
    void *map = map_lookup(&outer, &key);
    if (!map) {
      sum = sum * 10 + 9;
      continue;
    }
    u64 *value = map_lookup(map, &at), more = slot + 5;
    if (!value) return -1;
    *value += slot + 1;
    map_update(map, &at, &more, EXIST);
    sum = sum * 10 + *value;
  }
  return (int)sum;
}
