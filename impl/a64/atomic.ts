// Atomic memory operations: load-exclusive and store-exclusive, and the single instructions of the Large System
// Extensions. `is64` selects between 4 and 8 bytes.

import type { SizeLog } from "./load-store.js";
import { type Is64, type Reg, ZR } from "./registers.js";
import { type Word, word } from "./word.js";

/** `none`, or both acquire and release. */
export type Order = 0 | 3;
export const RELAXED: Order = 0;
export const ACQUIRE_RELEASE: Order = 3;

const size = (is64: Is64): number => (2 | is64) << 30;

/** rt = memory at rn, marked for exclusive access. */
export const ldxr = (is64: Is64, rt: Reg, rn: Reg): Word => word(0x085f_7c00 | size(is64) | (rn << 5) | rt);
/** Store rt if the mark still stands; rs = 0 if it was stored, else 1. */
export const stxr = (is64: Is64, rs: Reg, rt: Reg, rn: Reg): Word =>
  word(0x0800_7c00 | size(is64) | (rs << 16) | (rn << 5) | rt);
/** As `stxr`, with release semantics. */
export const stlxr = (is64: Is64, rs: Reg, rt: Reg, rn: Reg): Word =>
  word(0x0800_fc00 | size(is64) | (rs << 16) | (rn << 5) | rt);

/** rt = zero-extended memory at rn; no later access passes it. `log` is that of the size in bytes. */
export const ldar = (log: SizeLog, rt: Reg, rn: Reg): Word => word(0x08df_fc00 | (log << 30) | (rn << 5) | rt);
/** Memory at rn = rt; it passes no earlier access. */
export const stlr = (log: SizeLog, rt: Reg, rn: Reg): Word => word(0x089f_fc00 | (log << 30) | (rn << 5) | rt);

const atomic = (base: number, is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  word(base | size(is64) | (order << 22) | (rs << 16) | (rn << 5) | rt);

/** rt = old memory at rn; memory = old + rs. With rt the zero register and no order, an ST alias. */
export const ldadd = (is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  atomic(0x3820_0000, is64, order, rs, rt, rn);
/** memory = old & ~rs. */
export const ldclr = (is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  atomic(0x3820_1000, is64, order, rs, rt, rn);
/** memory = old ^ rs. */
export const ldeor = (is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  atomic(0x3820_2000, is64, order, rs, rt, rn);
/** memory = old | rs. */
export const ldset = (is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  atomic(0x3820_3000, is64, order, rs, rt, rn);
/** memory = rs. */
export const swp = (is64: Is64, order: Order, rs: Reg, rt: Reg, rn: Reg): Word =>
  atomic(0x3820_8000, is64, order, rs, rt, rn);
/** If the memory at rn equals rs it becomes rt; rs = old. */
export const casal = (is64: Is64, rs: Reg, rt: Reg, rn: Reg): Word =>
  word(0x08e0_fc00 | size(is64) | (rs << 16) | (rn << 5) | rt);

/** The forms without a result. */
export const stadd = (is64: Is64, rs: Reg, rn: Reg): Word => ldadd(is64, RELAXED, rs, ZR, rn);
export const stclr = (is64: Is64, rs: Reg, rn: Reg): Word => ldclr(is64, RELAXED, rs, ZR, rn);
export const steor = (is64: Is64, rs: Reg, rn: Reg): Word => ldeor(is64, RELAXED, rs, ZR, rn);
export const stset = (is64: Is64, rs: Reg, rn: Reg): Word => ldset(is64, RELAXED, rs, ZR, rn);
