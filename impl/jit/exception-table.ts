// The exception table: for each access that may fault, where it is, where to go on, and which register to clear. All
// distances are between addresses of the read-only image; the entries are written to the read-write one.

import type { Reg } from "../a64/registers.js";
import type { Emitter } from "./emitter.js";
import { CLEAR_NOTHING } from "./registers.js";

/** s32 insn, s32 fixup, s16 type, s16 data: see `fixup-exception.ts`, which reads them. */
export const ENTRY_BYTES = 12;
const TYPE_BPF = 1;
const FIXUP_BITS = 27;

/** Describe the word emitted last. `clear` is the register that a skipped load leaves zero. */
export function addExceptionEntry(e: Emitter, pc: number, clear: Reg | undefined): void {
  if (!e.hasImage) return;
  if (e.entries >= e.faulting) {
    e.fail({ kind: "exceptionEntries", written: e.entries + 1, expected: e.faulting });
    return;
  }
  const entry = e.tableBytes + e.entries * ENTRY_BYTES;
  const faulting = (e.words - 1) * 4;
  // Both are relative to the field that holds them; execution goes on after the faulting word.
  const insn = faulting - entry;
  const fixup = entry + 4 - (faulting + 4);
  if (insn >= 0 || insn < -(2 ** 31) || fixup >= 2 ** FIXUP_BITS) {
    e.fail({ kind: "exceptionRange", pc, bytes: fixup });
    return;
  }
  const at = entry >> 2;
  e.setData(at, insn);
  e.setData(at + 1, fixup | ((clear ?? CLEAR_NOTHING) << FIXUP_BITS));
  // The upper half-word, `data`, is never written and keeps what the memory held.
  e.setData(at + 2, (e.data(at + 2) & 0xffff_0000) | TYPE_BPF);
  e.entries++;
}
