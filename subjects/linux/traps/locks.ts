// Locks. The kernel takes them itself; here it is seen to. Two mutexes are the machine's; the spinlock of text pokes is taken by
// inlined code, and followed by the stores to its word; of all others it is known who holds them.

import { KernelFault } from "../../../machine/fault.js";
import type { Lock } from "../../../machine/lock.js";
import type { BootedKernel } from "../booted-kernel.js";
import type { HeldKind } from "../held-locks.js";
import { vaOfPointer } from "../structs.js";
import { gate, probe, trap } from "./trap.js";

/** The machine's lock of a kernel variable; undefined for all others. */
function lockAt({ machine, image }: BootedKernel, pointer: bigint): Lock | undefined {
  const va = vaOfPointer(pointer);
  if (va === image.address("pack_mutex")) return machine.packMutex;
  return va === image.address("text_mutex") ? machine.textMutex : undefined;
}

const LOCK = { lock: ["lock", "rt", "mutex"] };

const SOFTIRQS = { ip: ["ip"], count: ["cnt"] };

/**
 * Softirqs may come again, of which there are none: this CPU has that many reasons less against them. Where the other half is
 * a function too, neither counts.
 */
function enableSoftirqs({ image, memory, task }: BootedKernel, count: bigint): void {
  const thread = image.types.struct("task_struct")?.member("thread_info.preempt.count");
  if (thread === undefined || image.address("__local_bh_disable_ip") !== undefined) return;
  const va = task + thread.bit / 8;
  memory.writeNumber(va, 4, (memory.readNumber(va, 4) - Number(count & 0xffff_ffffn)) >>> 0);
}

/** A lock of the machine's own does what it does there. */
function take(kernel: BootedKernel, kind: HeldKind, pointer: bigint): void {
  const known = lockAt(kernel, pointer);
  if (known !== undefined) known.acquire();
  else if (!isFollowed(kernel, pointer)) kernel.locks.take(kind, vaOfPointer(pointer), kernel.machine.cpu);
}
function give(kernel: BootedKernel, kind: HeldKind, pointer: bigint): void {
  const known = lockAt(kernel, pointer);
  if (known !== undefined) known.release();
  else if (!isFollowed(kernel, pointer)) kernel.locks.give(kind, vaOfPointer(pointer), kernel.machine.cpu);
}

/** By the stores to its word, whoever makes them. */
const isFollowed = ({ image }: BootedKernel, pointer: bigint): boolean =>
  vaOfPointer(pointer) === image.address("patch_lock");

/** A CPU is to wait until another gives a lock back: here none is in the middle of anything. */
function waits({ locks, machine }: BootedKernel, kind: HeldKind, pointer: bigint): never {
  const va = vaOfPointer(pointer);
  throw new KernelFault("badLock", va, `CPU ${machine.cpu} waits for ${locks.said(kind, va)}, which nobody gives back`);
}

export const LOCKS = [
  probe(["mutex_lock", "mutex_lock_interruptible", "mutex_lock_killable"], LOCK, (kernel, { lock }) => {
    take(kernel, "mutex", lock);
  }),
  // A kernel that checks its locks has no short way: it takes and gives back what our machine has, and nothing of its own.
  trap(
    ["mutex_lock_nested", "mutex_lock_interruptible_nested", "mutex_lock_killable_nested"],
    LOCK,
    (kernel, { lock }) => {
      take(kernel, "mutex", lock);
      return 0n;
    },
  ),
  gate(["mutex_unlock"], LOCK, (kernel, { lock }) => {
    give(kernel, "mutex", lock);
    return kernel.image.address("mutex_lock_nested") === undefined ? undefined : 0n;
  }),
  probe(["mutex_trylock"], LOCK, ({ locks }, { lock }) => {
    locks.mayHaveTaken(vaOfPointer(lock));
  }),
  probe(
    ["_raw_spin_lock", "_raw_spin_lock_irq", "_raw_spin_lock_irqsave", "_raw_spin_lock_bh"],
    LOCK,
    (kernel, { lock }) => {
      take(kernel, "spinlock", lock);
    },
  ),
  probe(
    ["_raw_spin_unlock", "_raw_spin_unlock_irq", "_raw_spin_unlock_irqrestore", "_raw_spin_unlock_bh"],
    LOCK,
    (kernel, { lock }) => {
      give(kernel, "spinlock", lock);
    },
  ),
  trap(["__mutex_lock_slowpath"], LOCK, (kernel, { lock }) => waits(kernel, "mutex", lock)),
  trap(["queued_spin_lock_slowpath"], LOCK, (kernel, { lock }) => waits(kernel, "spinlock", lock)),
  // The lock of the list of programs: what is done under it has no event.
  trap(["__local_bh_disable_ip", "rt_spin_lock", "rt_spin_unlock"], {}, () => 0n),
  trap(["__local_bh_enable_ip"], SOFTIRQS, (kernel, { count }) => {
    enableSoftirqs(kernel, count);
  }),
];
