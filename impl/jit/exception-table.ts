// The exception table: for each access that may fault, where it is, where to go on, and which register to clear. All
// distances are between addresses of the read-only image; the entries are written to the read-write one.

import type { Reg } from "../a64/registers.js";
import type { Emitter } from "./emitter.js";
import { CLEAR_NOTHING } from "./registers.js";

/** s32 insn, s32 fixup, s16 type, s16 data: see `fixup-exception.ts`, which reads them. */
export const ENTRY_BYTES = 12;
const TYPE_BPF = 1;
const REGISTER_SHIFT = 27;
/** Since 6.18, below the register: that and how an arena was accessed, the register of the pointer, the offset. */
const ARENA = 1 << 21;
const ARENA_WRITE = 1 << 22;
const POINTER_SHIFT = 16;

/** Where an arena is accessed, in the program's terms. */
interface ArenaAccess {
  /** BPF register. */
  readonly base: number;
  readonly off: number;
  readonly writes: boolean;
}

/** Describe the word emitted last. `clear` is the register that a skipped load leaves zero. */
export function addExceptionEntry(
  e: Emitter,
  pc: number,
  clear: Reg | undefined,
  arena: ArenaAccess | undefined,
): void {
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
  if (insn >= 0 || insn < -(2 ** 31) || fixup >= 2 ** REGISTER_SHIFT) {
    e.fail({ kind: "exceptionRange", pc, bytes: fixup });
    return;
  }
  const at = entry >> 2;
  e.setData(at, insn);
  const below = e.env.changes.arenaReport ? (arena === undefined ? 0 : arenaBits(e, arena)) : fixup;
  e.setData(at + 1, below | ((clear ?? CLEAR_NOTHING) << REGISTER_SHIFT));
  // The upper half-word, `data`, is never written and keeps what the memory held.
  e.setData(at + 2, (e.data(at + 2) & 0xffff_0000) | TYPE_BPF);
  e.entries++;
}

function arenaBits(e: Emitter, { base, off, writes }: ArenaAccess): number {
  const write = writes && e.env.changes.arenaWrite ? ARENA_WRITE : 0;
  return ARENA | write | (e.reg(base) << POINTER_SHIFT) | (off & 0xffff);
}
