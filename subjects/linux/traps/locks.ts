// The mutexes that the machine follows. The kernel takes them itself; here it is seen to. The spinlock of text pokes is taken
// by inlined code, and followed by the stores to its word.

import type { Lock } from "../../../machine/lock.js";
import type { BootedKernel } from "../booted-kernel.js";
import { vaOfPointer } from "../structs.js";
import { probe, trap } from "./trap.js";

/** The machine's lock of a kernel variable; undefined for all others. */
function lockAt({ machine, image }: BootedKernel, pointer: bigint): Lock | undefined {
  const va = vaOfPointer(pointer);
  if (va === image.address("pack_mutex")) return machine.packMutex;
  return va === image.address("text_mutex") ? machine.textMutex : undefined;
}

const LOCK = { lock: ["lock"] };

const SOFTIRQS = { ip: ["ip"], count: ["cnt"] };

/**
 * Softirqs may come again, of which there are none: this CPU has that many reasons less against them. Where the other half is
 * a function too, neither counts.
 */
function enableSoftirqs({ image, memory, task }: BootedKernel, count: bigint): void {
  const thread = image.types.struct("task_struct")?.member("thread_info.preempt.count");
  if (thread === undefined || image.address("__local_bh_disable_ip") !== undefined) return;
  const va = task + thread.bit / 8;
  const now = new DataView(memory.read(va, 4).slice().buffer).getUint32(0, true);
  const then = new Uint8Array(4);
  new DataView(then.buffer).setUint32(0, now - Number(count & 0xffff_ffffn), true);
  memory.write(va, then);
}

export const LOCKS = [
  probe(["mutex_lock"], LOCK, (kernel, { lock }) => {
    lockAt(kernel, lock)?.acquire();
  }),
  probe(["mutex_unlock"], LOCK, (kernel, { lock }) => {
    lockAt(kernel, lock)?.release();
  }),
  // The lock of the list of programs: what is done under it has no event.
  trap(["__local_bh_disable_ip", "rt_spin_lock", "rt_spin_unlock"], {}, () => 0n),
  trap(["__local_bh_enable_ip"], SOFTIRQS, (kernel, { count }) => {
    enableSoftirqs(kernel, count);
  }),
];
