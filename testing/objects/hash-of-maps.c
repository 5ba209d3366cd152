// Maps by name, of which nobody has put one there.
#include "bpf.h"

struct inner { __uint(type, HASH); __uint(max_entries, 4); __type(key, u32); __type(value, u64); };
struct { __uint(type, HASH_OF_MAPS); __uint(max_entries, 8); __type(key, u64); __uint(value_size, 4); __array(values, struct inner); } outer SEC(".maps");
SEC("kprobe/maps")
int program(void *context) {
  u64 name = 77;
  u32 key = 1;
  void *map = map_lookup(&outer, &name);
  if (!map) return 123;
  return map_lookup(map, &key) != 0;
}
