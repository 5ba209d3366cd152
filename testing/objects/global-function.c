// A function with a symbol of its own, called from two sections.
#include "bpf.h"

__attribute__((noinline)) int shared(int x) { return x * x + 1; }
SEC("kprobe/one")
int one(int *in) { return shared(in[0] + 3); }
SEC("kprobe/two")
int two(int *in) { return shared(in[1] + 4) - shared(2); }
