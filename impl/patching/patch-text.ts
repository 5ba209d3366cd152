// Patching text that other CPUs may be running: all of them meet first, the last to arrive patches while the others wait,
// and each forgets what it had fetched before it goes on.

import type { RoAddr } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Errno } from "../errno.js";
import { aarch64InsnPatchTextNosync } from "./text-poke.js";

export interface Patch {
  readonly addr: RoAddr;
  readonly insn: number;
}

interface Meeting {
  /** CPUs that have arrived; one more once the patches are made. */
  count: number;
  error: Errno;
}

/** What each CPU does; a yield is a turn of its waiting loop. */
function* patchTextCallback(machine: Machine, patches: readonly Patch[], meeting: Meeting): Generator<void, void> {
  meeting.count++;
  if (meeting.count === machine.cpus) {
    for (const { addr, insn } of patches) {
      meeting.error = aarch64InsnPatchTextNosync(machine, addr, insn);
      if (meeting.error !== 0) break;
    }
    meeting.count++;
    return;
  }
  while (meeting.count <= machine.cpus) yield;
  machine.contextSync();
}

/**
 * All patches or, at the first that fails, those before it.
 *
 * @source linux v6.12 arch/arm64/kernel/patching.c, aarch64_insn_patch_text()
 */
export function aarch64InsnPatchText(machine: Machine, patches: readonly Patch[]): Errno {
  const meeting: Meeting = { count: 0, error: 0 };
  machine.stopMachine(() => patchTextCallback(machine, patches, meeting));
  return meeting.error;
}
