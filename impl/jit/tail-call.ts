// The tail call: bounds and depth checks, the slot's program, and a jump behind its frame set-up. R2 is the program
// array, R3 the index. The counter is stored only when the slot has proved to be taken, unless
// the defect is on.

import { addImm, addReg, cmpReg } from "../a64/add-sub.js";
import { lslImm } from "../a64/bitfield.js";
import { bCond, br, COND, cbz } from "../a64/branch.js";
import { ldrImm, ldrReg, strImm } from "../a64/load-store.js";
import { movImm64 } from "./constant.js";
import type { Emitter } from "./emitter.js";
import { prologueOffset } from "./env.js";
import { leaveFrame } from "./epilogue.js";
import { R2, R3, TAIL_CALL_COUNTER, TMP1, TMP2, TMP3 } from "./registers.js";

const MAX_TAIL_CALLS = 33;
const WORD = 2;
const DOUBLE = 3;
const STORE_COUNT = strImm(DOUBLE, TMP3, TAIL_CALL_COUNTER, 0);

export function lowerTailCall(e: Emitter): void {
  const { arrayMaxEntries, arrayPtrs, progFunc } = e.env.offsets;
  const { emptySlotsCount } = e.env.quirks;
  // An index beyond the array falls through; only its low half counts.
  movImm64(e, TMP1, 0, arrayMaxEntries);
  e.emit(ldrReg(WORD, TMP1, R2, TMP1));
  e.emit(e.mov(0, R3, R3));
  e.emit(cmpReg(0, R3, TMP1));
  const outOfBounds = e.reserve();
  // So does a chain that is long enough already.
  movImm64(e, TMP1, 0, MAX_TAIL_CALLS);
  e.emit(ldrImm(DOUBLE, TMP3, TAIL_CALL_COUNTER, 0));
  e.emit(cmpReg(1, TMP3, TMP1));
  const tooDeep = e.reserve();
  e.emit(addImm(1, TMP3, TMP3, 1));
  if (emptySlotsCount) e.emit(STORE_COUNT);
  // And so does a slot without a program.
  movImm64(e, TMP1, 0, arrayPtrs);
  e.emit(addReg(1, TMP1, R2, TMP1));
  e.emit(lslImm(1, TMP2, R3, 3));
  e.emit(ldrReg(DOUBLE, TMP2, TMP1, TMP2));
  const empty = e.reserve();
  if (!emptySlotsCount) e.emit(STORE_COUNT);
  leaveFrame(e);
  movImm64(e, TMP1, 0, progFunc);
  e.emit(ldrReg(DOUBLE, TMP1, TMP2, TMP1));
  e.emit(addImm(1, TMP1, TMP1, 4 * prologueOffset(e.env)));
  e.emit(br(TMP1));
  const out = e.words;
  e.patch(outOfBounds, bCond(COND.cs, (out - outOfBounds) * 4));
  e.patch(tooDeep, bCond(COND.cs, (out - tooDeep) * 4));
  e.patch(empty, cbz(1, TMP2, (out - empty) * 4));
}
