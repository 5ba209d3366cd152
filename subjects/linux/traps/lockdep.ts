// Kernels that check their own locks while they run (CONFIG_PROVE_LOCKING) tell a validator of each lock, interrupt and read
// section. It needs a kernel that has booted. Here locks are followed by probes, and judged by an oracle: the validator is told
// nothing, and answers that all is well.

import { KernelFault } from "../../../machine/fault.js";
import { vaOfPointer } from "../structs.js";
import { trap } from "./trap.js";

export const LOCKDEP = [
  trap(
    [
      ...["lock_acquire", "lock_release", "lockdep_init_map_type", "mutex_destroy"],
      ...["trace_hardirqs_on", "trace_hardirqs_off", "trace_preempt_on", "trace_preempt_off"],
      ...["lockdep_hardirqs_on", "lockdep_hardirqs_off", "lockdep_hardirqs_on_prepare"],
      ...["lockdep_softirqs_on", "lockdep_softirqs_off"],
      // Who has taken away the right to be interrupted, for a report.
      "return_address",
      // Whether it is there to complain of a pointer that is read outside of a read section.
      "debug_lockdep_rcu_enabled",
    ],
    {},
    () => 0n,
  ),
  trap(
    [
      // Something is wrong: the warning behind it is a breach.
      "debug_locks_off",
      ...["lock_is_held_type", "rcu_is_watching"],
      ...["rcu_read_lock_held", "rcu_read_lock_bh_held", "rcu_read_lock_sched_held", "rcu_read_lock_any_held"],
    ],
    {},
    () => 1n,
  ),
  trap(["spin_bug"], { lock: ["lock"], msg: ["msg"] }, ({ memory }, { lock, msg }) => {
    const va = vaOfPointer(lock);
    throw new KernelFault("badLock", va, `the kernel finds a spinlock wrong: ${memory.text(vaOfPointer(msg))}`);
  }),
];
