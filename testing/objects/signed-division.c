// Signed division and remainder: instructions of their own from v4 on.
#include "bpf.h"

SEC("kprobe/divide")
int program(s64 *in) {
  s64 a = in[0] - 1000003, b = in[1] + 7;
#if __BPF_CPU_VERSION__ >= 4
  return (int)(a / b + a % b);
#else
  return (int)((u64)a / (u64)b + (u64)a % (u64)b);
#endif
}
