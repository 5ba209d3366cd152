// Clocks, which go on with each reading.
#include "bpf.h"

SEC("kprobe/clocks")
int program(void *context) {
  u64 first = ktime_get_ns(), boot = ktime_get_boot_ns(), coarse = ktime_get_coarse_ns(), tai = ktime_get_tai_ns();
  u64 ticks = jiffies64();
  return (u32)(boot - first) + (u32)(coarse - boot) * 3 + (u32)(tai - coarse) * 5 + (u32)ticks;
}
