// The mutexes that the machine follows. The kernel takes them itself; here it is seen to. The spinlock of text pokes is taken
// by inlined code, and followed by the stores to its word.

import type { Lock } from "../../../machine/lock.js";
import type { BootedKernel } from "../booted-kernel.js";
import { vaOfPointer } from "../structs.js";
import { probe } from "./trap.js";

/** The machine's lock of a kernel variable; undefined for all others. */
function lockAt({ machine, image }: BootedKernel, pointer: bigint): Lock | undefined {
  const va = vaOfPointer(pointer);
  if (va === image.address("pack_mutex")) return machine.packMutex;
  return va === image.address("text_mutex") ? machine.textMutex : undefined;
}

const LOCK = { lock: ["lock"] };

export const LOCKS = [
  probe(["mutex_lock"], LOCK, (kernel, { lock }) => {
    lockAt(kernel, lock)?.acquire();
  }),
  probe(["mutex_unlock"], LOCK, (kernel, { lock }) => {
    lockAt(kernel, lock)?.release();
  }),
];
