// A map as loaders before BTF read it.
#include "bpf.h"

struct { u32 type, key, value, entries, flags; } totals SEC("maps") = {ARRAY, 4, 8, 3, 0};
SEC("kprobe/old")
int program(void *in) {
  u32 key = 0;
  u64 *value = map_lookup(&totals, &key);
  if (!value) return -1;
  *value = 5;
  key = 2;
  value = map_lookup(&totals, &key);
  return value ? (int)*value + 6 : -2;
}
