// Memory that may be there or not.
#include "bpf.h"

SEC("kprobe/read")
int program(u64 *registers) {
  char text[8] = "probes", copy[8] = {}, cut[4] = {};
  u64 word = 1;
  s64 there = probe_read(copy, 8, text), none = probe_read(&word, 8, (void *)0x10);
  s64 length = probe_read_str(cut, 4, text), whole = probe_read_kernel_str(copy, 8, text);
  s64 kernel = probe_read_kernel(&word, 4, text + 2), input = probe_read_kernel(copy, 8, registers);
  return (int)(there + none * 3 + length * 5 + whole * 7 + kernel + input) + (u32)word + copy[1] + cut[2];
}
