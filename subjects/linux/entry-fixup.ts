// What is done about an access of a loaded program that faults, in our words: the entry for it, in the table that the
// kernel has made. For images whose own handler cannot be asked.

import type { Va } from "../../machine/address.js";
import { ENTRY_BYTES } from "../../spec/text/text.js";
import type { FunctionView, SubjectKernel } from "../subject.js";

/** In an entry, behind the relative address of the access. */
const FIXUP_FIELD = 4;
const INSN_BYTES = 4;
const DISTANCE_BITS = 27;
const DISTANCE_MASK = 2 ** DISTANCE_BITS - 1;
/** X5 is never the register of a load, so it stands for none. */
const CLEAR_NOTHING = 5;

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, ex_handler_bpf() */
export function fixupOf(
  { machine, env, entryBytes = ENTRY_BYTES }: Pick<SubjectKernel, "machine" | "env" | "entryBytes">,
  functions: readonly FunctionView[],
  pc: Va,
): ReturnType<SubjectKernel["fixupException"]> {
  for (const { bpfFunc, jitedLen, extable, entries } of functions) {
    if (bpfFunc === undefined || extable === undefined || pc < bpfFunc || pc >= bpfFunc + jitedLen) continue;
    for (let entry = extable as Va; entry < extable + entries * entryBytes; entry += entryBytes) {
      if (entry + (machine.read32(entry) | 0) !== pc) continue;
      const value = machine.read32(entry + FIXUP_FIELD);
      const clear = value >>> DISTANCE_BITS;
      const resume = env.changes.arenaReport ? pc + INSN_BYTES : entry + FIXUP_FIELD - (value & DISTANCE_MASK);
      return { resume, clear: clear === CLEAR_NOTHING ? undefined : clear };
    }
  }
  return undefined;
}
