// A function of the kernel, by its name.
#include "bpf.h"

extern int bpf_cpumask_first(const void *mask) __attribute__((section(".ksyms")));
SEC("kprobe/function")
int program(void *context) { return bpf_cpumask_first(context) + 1; }
