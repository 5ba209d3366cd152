// A map in a section of its own.
#include "bpf.h"

struct { u32 type, key, value, entries, flags; } only SEC("maps/only") = {HASH, 8, 8, 3, 0};
SEC("kprobe/own")
int program(u64 *in) {
  u64 key = in[0] + 1, value = 17;
  if (map_update(&only, &key, &value, NOEXIST)) return -1;
  u64 *found = map_lookup(&only, &key);
  return found ? (int)*found : -2;
}
