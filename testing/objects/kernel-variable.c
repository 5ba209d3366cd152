// A variable of the kernel: refused by name.
#include "bpf.h"

extern int CONFIG_HZ __attribute__((section(".kconfig")));
SEC("kprobe/hz")
int program(void *in) { return CONFIG_HZ; }
