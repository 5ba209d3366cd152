// Loops of kernel functions that count: in each other, left early, in a subprogram, with no number and with too many.
#include "bpf.h"

struct bpf_iter_num { u64 opaque; };
#define KERNEL_FUNCTION(result, name, ...) extern result name(__VA_ARGS__) __attribute__((section(".ksyms")))
KERNEL_FUNCTION(int, bpf_iter_num_new, struct bpf_iter_num *it, int start, int end);
KERNEL_FUNCTION(int *, bpf_iter_num_next, struct bpf_iter_num *it);
KERNEL_FUNCTION(void, bpf_iter_num_destroy, struct bpf_iter_num *it);

NOINLINE int sum_below(int end) {
  struct bpf_iter_num it;
  int *number, sum = 0;
  bpf_iter_num_new(&it, 0, end);
  while ((number = bpf_iter_num_next(&it))) sum += *number;
  bpf_iter_num_destroy(&it);
  return sum;
}
SEC("kprobe/loops")
int program(void *context) {
  struct bpf_iter_num outer, inner;
  int *i, *j, found = 0;
  bpf_iter_num_new(&outer, -3, 10);
  while ((i = bpf_iter_num_next(&outer))) {
    if (*i == 7) break;
    bpf_iter_num_new(&inner, 0, *i);
    while ((j = bpf_iter_num_next(&inner))) found += *i * *j;
    bpf_iter_num_destroy(&inner);
  }
  bpf_iter_num_destroy(&outer);
  if (bpf_iter_num_new(&outer, 5, 4) == -22) found += 1000;
  if (bpf_iter_num_next(&outer)) found += 100000;
  bpf_iter_num_destroy(&outer);
  if (bpf_iter_num_new(&outer, 0, 8 * 1024 * 1024 + 1) == -7) found += 2000;
  bpf_iter_num_destroy(&outer);
  return found + sum_below(100);
}
