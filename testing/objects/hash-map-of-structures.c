// A hash map whose keys and values are structures.
#include "bpf.h"

struct key { u32 from, to; u16 port; u16 pad; };
struct value { u64 packets; u64 bytes; };
struct { __uint(type, HASH); __uint(max_entries, 8); __type(key, struct key); __type(value, struct value); } flows SEC(".maps");
SEC("kprobe/flows")
int program(u32 *in) {
  struct key key = {.from = in[0], .to = in[1] + 1, .port = 80, .pad = 0};
  struct value first = {.packets = 1, .bytes = 100};
  map_update(&flows, &key, &first, ANY);
  struct value *value = map_lookup(&flows, &key);
  if (!value) return -1;
  value->packets++;
  value->bytes += 1400;
  return (int)(value->packets * 10000 + value->bytes);
}
