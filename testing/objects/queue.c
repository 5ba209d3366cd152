// A queue, which is not modelled.
#include "bpf.h"

struct { __uint(type, QUEUE); __uint(max_entries, 8); __uint(value_size, 8); } waiting SEC(".maps");
static s64 (*const map_push)(void *map, const void *value, u64 flags) = (void *)87;
SEC("kprobe/queue")
int program(void *context) {
  u64 word = 7;
  return (int)map_push(&waiting, &word, 0);
}
