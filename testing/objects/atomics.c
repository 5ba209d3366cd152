// Additions that other CPUs cannot tear apart.
#include "bpf.h"

u64 wide = 7;
u32 narrow = 9;
SEC("kprobe/atomics")
int program(u64 *in) {
  (void)__sync_fetch_and_add(&wide, in[0] + 5);
  (void)__sync_fetch_and_add(&wide, 5);
#if __BPF_CPU_VERSION__ >= 3
  u64 before = __sync_fetch_and_or(&wide, 0x100);
  before += __sync_fetch_and_xor(&narrow, 3);
  before += __sync_fetch_and_and(&narrow, 0xfe);
  before += __sync_val_compare_and_swap(&wide, 0x111, 0x222);
  before += __sync_lock_test_and_set(&narrow, 55);
  return (int)(wide + narrow + before);
#else
  return (int)(wide + narrow);
#endif
}
