// Text for somebody who reads the trace.
#include "bpf.h"

SEC("kprobe/print")
int program(void *context) {
  char format[] = "%d of %x %s", name[] = "rox", wrong[] = "%q";
  s64 printed = trace_printk(format, sizeof format, -5, 0xbeef, name);
  return (int)(printed * 10 + trace_printk(wrong, sizeof wrong));
}
