// Records of a ring buffer: copied, and written in place and sent or thrown away.
#include "bpf.h"

struct { __uint(type, RINGBUF); __uint(max_entries, 4096); } ring SEC(".maps");
struct record { u64 when; u32 kind, length; };
SEC("kprobe/ring")
int program(void *context) {
  u64 word = 0x1122334455667788;
  s64 copied = ringbuf_output(&ring, &word, 8, 0), wrong = ringbuf_output(&ring, &word, 8, 8);
  struct record *record = ringbuf_reserve(&ring, sizeof *record, 0);
  if (!record) return -1;
  record->when = word >> 8;
  record->kind = 3;
  record->length = 4;
  ringbuf_submit(record, 0);
  record = ringbuf_reserve(&ring, sizeof *record, 0);
  if (!record) return -2;
  record->when = 5;
  ringbuf_discard(record, 0);
  if (ringbuf_reserve(&ring, 1 << 20, 0)) return -3;
  return (int)(copied + wrong * 3 + (s64)ringbuf_query(&ring, 0) * 5 + (s64)ringbuf_query(&ring, 1));
}
