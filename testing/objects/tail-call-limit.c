// A program that tail calls itself until the kernel stops it.
#include "bpf.h"

int again(void *in);
struct {
  __uint(type, PROG_ARRAY);
  __uint(max_entries, 1);
  __uint(key_size, 4);
  __array(values, program_t);
} self SEC(".maps") = {.values = {[0] = again}};
u32 rounds;
SEC("kprobe/again")
int again(void *in) {
  rounds++;
  tail_call(in, &self, 0);
  return rounds;
}
