// What happens when an access that may fault does: the entry for its address, read from executable memory as the kernel
// reads it, says which register becomes zero and where to go on.

import type { Va } from "../../machine/address.js";
import { ENTRY_BYTES } from "../jit/exception-table.js";
import type { BpfProg } from "./bpf-prog.js";
import type { Kernel } from "./kernel.js";

const FIXUP_FIELD = 4;
const INSN_BYTES = 4;
const DISTANCE_BITS = 27;
const DISTANCE_MASK = 2 ** DISTANCE_BITS - 1;
/** x5 is never the register of a load, so it stands for none. */
const CLEAR_NOTHING = 5;

export interface Fixup {
  readonly resume: Va;
  /** Number of the A64 register to zero. */
  readonly clear: number | undefined;
}

/**
 * The entry for `pc` in the tables of these functions, or undefined if a fault there is an oops. Entries lie in the order
 * of their instructions and are found by halving.
 *
 * @source linux v6.12 lib/extable.c, search_extable(); arch/arm64/net/bpf_jit_comp.c, ex_handler_bpf()
 */
export function fixupException({ machine, env }: Kernel, functions: readonly BpfProg[], pc: Va): Fixup | undefined {
  const prog = functions.find(
    ({ bpfFunc, jitedLen }) => bpfFunc !== undefined && pc >= bpfFunc && pc < bpfFunc + jitedLen,
  );
  if (prog?.extable === undefined) return undefined;
  let low = 0;
  let high = prog.entries;
  while (low < high) {
    const middle = (low + high) >> 1;
    const entry = prog.extable + middle * ENTRY_BYTES;
    const at = entry + (machine.read32(entry) | 0);
    if (at === pc) {
      const fixup = decode(entry + FIXUP_FIELD, machine.read32(entry + FIXUP_FIELD));
      return env.changes.arenaReport ? { ...fixup, resume: pc + INSN_BYTES } : fixup;
    }
    if (at < pc) low = middle + 1;
    else high = middle;
  }
  return undefined;
}

function decode(field: Va, value: number): Fixup {
  const clear = value >>> DISTANCE_BITS;
  return { resume: field - (value & DISTANCE_MASK), clear: clear === CLEAR_NOTHING ? undefined : clear };
}
