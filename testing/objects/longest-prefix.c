// Routes by their longest prefix.
#include "bpf.h"

struct key { u32 bits; u8 address[4]; };
struct { __uint(type, LPM_TRIE); __uint(max_entries, 16); __uint(map_flags, NO_PREALLOC); __type(key, struct key); __type(value, u32); } routes SEC(".maps");
INLINE u32 find(u8 third, u8 fourth) {
  struct key key = {.bits = 32, .address = {10, 0, third, fourth}};
  u32 *found = map_lookup(&routes, &key);
  return found ? *found : 0;
}
SEC("tc")
int program(struct sk_buff *skb) {
  struct key wide = {.bits = 8, .address = {10}}, narrow = {.bits = 24, .address = {10, 0, 7}}, host = {.bits = 32, .address = {10, 0, 7, 9}};
  u32 one = 1, two = 2, three = 3;
  map_update(&routes, &wide, &one, ANY);
  map_update(&routes, &narrow, &two, ANY);
  map_update(&routes, &host, &three, ANY);
  u32 before = find(7, 9) * 100 + find(7, 8) * 10 + find(6, 9);
  map_delete(&routes, &narrow);
  struct key far = {.bits = 32, .address = {11}};
  return before * 1000 + find(7, 9) * 100 + find(7, 8) * 10 + (map_lookup(&routes, &far) != 0);
}
