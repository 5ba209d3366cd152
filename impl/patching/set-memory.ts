// Changing what pages allow. The old translations are invalidated at once, so that no CPU goes on using them.

import type { Va } from "../../machine/address.js";
import type { Machine, Permission } from "../../machine/machine.js";
import { ENOMEM, type Errno } from "../errno.js";

/** `va` and `bytes` are whole pages. On failure nothing has changed. */
function changeMemory(machine: Machine, va: Va, bytes: number, permission: Permission): Errno {
  if (!machine.setPermission(va, bytes, permission)) return -ENOMEM;
  machine.invalidateTlb(va, bytes);
  return 0;
}

/** Two steps, as in Linux: writable and executable at once is what no page ever is. */
export const setMemoryRox = (machine: Machine, va: Va, bytes: number): Errno => {
  const error = changeMemory(machine, va, bytes, "ro");
  return error !== 0 ? error : changeMemory(machine, va, bytes, "rox");
};
export const setMemoryRw = (machine: Machine, va: Va, bytes: number): Errno => changeMemory(machine, va, bytes, "rw");
/** The way back from `setMemoryRw` of memory that Linux left executable: one step. */
export const setMemoryRo = (machine: Machine, va: Va, bytes: number): Errno => changeMemory(machine, va, bytes, "rox");
