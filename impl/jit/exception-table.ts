// The exception table: for each access that may fault, where it is, where to go on, and which register to clear. All
// distances are between addresses of the read-only image; the entries are written to the read-write one.

import type { Reg } from "../a64/registers.js";
import type { Emitter } from "./emitter.js";
import { CLEAR_NOTHING } from "./registers.js";

/** s32 insn, s32 fixup, s16 type, s16 data. */
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

/** What the kernel's fault handler does at one entry: go on at `resume`, with register `clear` set to 0. */
export interface Fixup {
  /** Low 48 bits of the address of the faulting word. */
  readonly pc: number;
  readonly resume: number;
  readonly clear: number | undefined;
}

/** Read the entries back from an image, as the fault handler does. `image` may be either mapping's bytes. */
export function readFixups(
  image: Uint8Array,
  { tableBytes, entries }: { readonly tableBytes: number; readonly entries: number },
  roImage: number,
): readonly Fixup[] {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  return Array.from({ length: entries }, (_, i): Fixup => {
    const at = tableBytes + i * ENTRY_BYTES;
    const fixup = view.getUint32(at + 4, true);
    const register = fixup >>> FIXUP_BITS;
    return {
      pc: roImage + at + view.getInt32(at, true),
      resume: roImage + at + 4 - (fixup & (2 ** FIXUP_BITS - 1)),
      clear: register === CLEAR_NOTHING ? undefined : register,
    };
  });
}
