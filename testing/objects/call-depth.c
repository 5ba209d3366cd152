// A chain of calls, each with a frame of its own.
#include "bpf.h"

#define LEVEL(n, next)                  \
  NOINLINE u64 level##n(u64 x) {        \
    volatile u64 kept[4];               \
    kept[n & 3] = x + n;                \
    return next(x * 3 + n) + kept[n & 3]; \
  }
NOINLINE u64 bottom(u64 x) { return x ^ 0x5a5a; }
LEVEL(1, bottom)
LEVEL(2, level1)
LEVEL(3, level2)
LEVEL(4, level3)
LEVEL(5, level4)
SEC("kprobe/depth")
int program(u64 *in) { return (int)level5(in[0] + 9); }
