// A member of a kernel structure, wherever that kernel has it: refused by name.
#include "bpf.h"

struct task_struct {
  int pid;
  int tgid;
} __attribute__((preserve_access_index));
SEC("kprobe/task")
int program(struct task_struct *task) { return task->tgid; }
