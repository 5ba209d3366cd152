// Programs that go on in others, over an empty slot and one that fails.
#include "bpf.h"

int second(void *in);
int third(void *in);
struct {
  __uint(type, PROG_ARRAY);
  __uint(max_entries, 4);
  __uint(key_size, 4);
  __array(values, program_t);
} next SEC(".maps") = {.values = {[1] = second, [3] = third}};
u32 trail;
SEC("kprobe/first")
int first(void *in) {
  trail = trail * 10 + 1;
  tail_call(in, &next, 2);
  tail_call(in, &next, 9);
  tail_call(in, &next, 1);
  return -1;
}
SEC("kprobe/second")
int second(void *in) {
  trail = trail * 10 + 2;
  tail_call(in, &next, 3);
  return -2;
}
SEC("kprobe/third")
int third(void *in) {
  trail = trail * 10 + 3;
  return trail;
}
