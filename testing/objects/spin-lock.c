// A lock around a value: refused by name.
#include "bpf.h"

struct lock { u32 value; };
struct value { struct lock lock; u32 count; };
struct { __uint(type, ARRAY); __uint(max_entries, 1); __type(key, u32); __type(value, struct value); } locked SEC(".maps");
static s64 (*const spin_lock)(struct lock *lock) = (void *)93;
static s64 (*const spin_unlock)(struct lock *lock) = (void *)94;
SEC("kprobe/lock")
int program(void *in) {
  u32 key = 0;
  struct value *value = map_lookup(&locked, &key);
  if (!value) return -1;
  spin_lock(&value->lock);
  value->count++;
  spin_unlock(&value->lock);
  return value->count;
}
