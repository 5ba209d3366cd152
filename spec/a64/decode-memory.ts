// Loads, stores, exclusives and atomics: classes of the Arm manual's section "Loads and Stores", without those of vector
// registers and memory tags.

import { bit, bits, orSp, ra, rd, rm, rn, row, signedBits, UNALLOCATED, UNMODELLED } from "./fields.js";
import { type AccessBytes, type Reg, SP, type Width } from "./registers.js";

const BYTES = [1, 2, 4, 8] as const;
const bytesOf = (word: number): AccessBytes => BYTES[bits(word, 31, 30)]!;
const widthOf = (bytes: AccessBytes): Width => (bytes === 8 ? 64 : 32);
const overlapsBase = (reg: Reg, base: Reg): boolean => base !== SP && reg === base;
const SHOULD_BE_ONE = "constrained unpredictable: should-be-one field";
const WRITTEN_BACK = "constrained unpredictable: written-back base equals data register";
const LOADED_TWICE = "constrained unpredictable: both loaded registers are the same";

interface AccessForm {
  readonly op: "load" | "store" | "prefetch";
  readonly bytes: AccessBytes;
  /** Loads: sign-extend to `width`, else zero-extend. */
  readonly signed: boolean;
  /** Of the register that is loaded or stored. */
  readonly width: Width;
}

/** The table of size (bits 31:30) and opc (23:22) that the classes of one register share. */
function accessForm(word: number): AccessForm | undefined {
  const bytes = bytesOf(word);
  switch (bits(word, 23, 22)) {
    case 0:
      return { op: "store", bytes, signed: false, width: widthOf(bytes) };
    case 1:
      return { op: "load", bytes, signed: false, width: widthOf(bytes) };
    case 2:
      return bytes === 8
        ? { op: "prefetch", bytes, signed: false, width: 64 }
        : { op: "load", bytes, signed: true, width: 64 };
    default:
      return bytes >= 4 ? undefined : { op: "load", bytes, signed: true, width: 32 };
  }
}

/** Of a prefetch, `rt` is the five bits that say which one. */
const registers = (word: number) => ({ rt: rd(word), rn: orSp(rn(word)) });

/** LDR*, STR*, PRFM (immediate), unsigned offset. Offsets are bytes. */
function accessScaled(word: number) {
  const form = accessForm(word);
  if (form === undefined) return UNALLOCATED;
  const offset = bits(word, 21, 10) * form.bytes;
  const { rt, rn } = registers(word);
  return { kind: "accessImmediate", mode: "scaled", ...form, rt, rn, offset, offsetValue: BigInt(offset) } as const;
}

const MODES = ["unscaled", "post", "unprivileged", "pre"] as const;

/** LDUR*, STUR*, PRFUM; LDTR*, STTR*; LDR*, STR* with the base written back. */
function accessUnscaled(word: number) {
  const form = accessForm(word);
  const mode = MODES[bits(word, 11, 10)]!;
  if (form === undefined || (form.op === "prefetch" && mode !== "unscaled")) return UNALLOCATED;
  const { rt, rn } = registers(word);
  if ((mode === "pre" || mode === "post") && overlapsBase(rt, rn)) return WRITTEN_BACK;
  const offset = signedBits(word, 20, 12);
  return { kind: "accessImmediate", mode, ...form, rt, rn, offset, offsetValue: BigInt(offset) } as const;
}

/** LDAPUR*, STLUR*. */
function accessOrderedUnscaled(word: number) {
  const form = accessForm(word);
  if (form === undefined || form.op === "prefetch") return UNALLOCATED;
  const { op, ...rest } = form;
  const order = "releaseConsistentUnscaled" as const;
  return { kind: "accessOrdered", op, order, ...rest, ...registers(word), offset: signedBits(word, 20, 12) } as const;
}

/** LDAR*, STLR*; of limited ordering regions LDLAR*, STLLR*. */
function accessOrdered(word: number) {
  if (rm(word) !== 31 || ra(word) !== 31) return SHOULD_BE_ONE;
  const bytes = bytesOf(word);
  const op = bit(word, 22) ? "load" : "store";
  const order = bit(word, 15) ? "sequential" : "limited";
  const form = { op, order, bytes, signed: false, width: widthOf(bytes) } as const;
  return { kind: "accessOrdered", ...form, ...registers(word), offset: 0 } as const;
}

/** LDAPR*. */
function accessReleaseConsistent(word: number) {
  if (rm(word) !== 31) return SHOULD_BE_ONE;
  const bytes = bytesOf(word);
  const form = { op: "load", order: "releaseConsistent", bytes, signed: false, width: widthOf(bytes) } as const;
  return { kind: "accessOrdered", ...form, ...registers(word), offset: 0 } as const;
}

const INDEXES: Readonly<Record<number, "uxtw" | "lsl" | "sxtw" | "sxtx">> = {
  ...{ 2: "uxtw", 3: "lsl", 6: "sxtw", 7: "sxtx" },
};

/** LDR*, STR*, PRFM (register). Scaled by the access size with the S bit, which for bytes changes only the text. */
function accessRegister(word: number) {
  const form = accessForm(word);
  const extend = INDEXES[bits(word, 15, 13)];
  if (form === undefined || extend === undefined) return UNALLOCATED;
  const index = { rm: rm(word), extend, scaled: bit(word, 12) };
  return { kind: "accessRegister", ...form, ...registers(word), ...index } as const;
}

const LITERALS = [
  { op: "load", bytes: 4, signed: false, width: 32 },
  { op: "load", bytes: 8, signed: false, width: 64 },
  { op: "load", bytes: 4, signed: true, width: 64 },
  { op: "prefetch", bytes: 8, signed: false, width: 64 },
] as const;

/** LDR, LDRSW, PRFM (literal). The offset is bytes from this instruction. */
function loadLiteral(word: number) {
  const form = LITERALS[bits(word, 31, 30)]!;
  return { kind: "loadLiteral", ...form, rt: rd(word), offset: signedBits(word, 23, 5) * 4 } as const;
}

const PAIR_MODES = ["nonTemporal", "post", "offset", "pre"] as const;

/** LDP, STP, LDPSW, LDNP, STNP. The offset is bytes, a multiple of the access size. */
function accessPair(word: number) {
  const mode = PAIR_MODES[bits(word, 24, 23)]!;
  const opc = bits(word, 31, 30);
  const op = bit(word, 22) ? "load" : "store";
  if (opc === 3) return UNALLOCATED;
  // Otherwise a store of tags.
  if (opc === 1 && (op === "store" || mode === "nonTemporal")) return mode === "nonTemporal" ? UNALLOCATED : UNMODELLED;
  const { rt, rn } = registers(word);
  const rt2 = ra(word);
  const writesBack = mode === "pre" || mode === "post";
  if (writesBack && (overlapsBase(rt, rn) || overlapsBase(rt2, rn))) return WRITTEN_BACK;
  if (op === "load" && rt === rt2) return LOADED_TWICE;
  const bytes = opc === 2 ? 8 : 4;
  const form = { op, bytes, signed: opc === 1, width: opc === 0 ? 32 : 64 } as const;
  return { kind: "accessPair", mode, ...form, rt, rt2, rn, offset: signedBits(word, 21, 15) * bytes } as const;
}

/** LDXR*, LDAXR*. */
function loadExclusive(word: number) {
  if (ra(word) !== 31 || rm(word) !== 31) return SHOULD_BE_ONE;
  const bytes = bytesOf(word);
  return { kind: "loadExclusive", acquire: bit(word, 15), bytes, width: widthOf(bytes), ...registers(word) } as const;
}

/** STXR*, STLXR*: `rs` gets 0 if the store was made, 1 if not. */
function storeExclusive(word: number) {
  const bytes = bytesOf(word);
  const { rt, rn } = registers(word);
  const rs = rm(word);
  if (ra(word) !== 31) return SHOULD_BE_ONE;
  if (rs === rt) return "constrained unpredictable: status register equals data register";
  if (overlapsBase(rs, rn)) return "constrained unpredictable: status register equals base register";
  return { kind: "storeExclusive", release: bit(word, 15), bytes, width: widthOf(bytes), rs, rt, rn } as const;
}

/** LDXP, LDAXP of two registers of `width`. */
function loadExclusivePair(word: number) {
  if (rm(word) !== 31) return SHOULD_BE_ONE;
  const width: Width = bit(word, 30) ? 64 : 32;
  const { rt, rn } = registers(word);
  const rt2 = ra(word);
  if (rt === rt2) return LOADED_TWICE;
  return { kind: "loadExclusivePair", acquire: bit(word, 15), width, rt, rt2, rn } as const;
}

/** STXP, STLXP. */
function storeExclusivePair(word: number) {
  const width: Width = bit(word, 30) ? 64 : 32;
  const { rt, rn } = registers(word);
  const rt2 = ra(word);
  const rs = rm(word);
  if (rs === rt || rs === rt2) return "constrained unpredictable: status register equals data register";
  if (overlapsBase(rs, rn)) return "constrained unpredictable: status register equals base register";
  return { kind: "storeExclusivePair", release: bit(word, 15), width, rs, rt, rt2, rn } as const;
}

/** CAS* and its A, L, AL forms: if memory = rs then memory = rt; rs = old. */
function compareAndSwap(word: number) {
  if (ra(word) !== 31) return UNALLOCATED;
  const bytes = bytesOf(word);
  const order = { acquire: bit(word, 22), release: bit(word, 15) };
  return { kind: "compareAndSwap", ...order, bytes, width: widthOf(bytes), rs: rm(word), ...registers(word) } as const;
}

/** CASP and its ordered forms, of rs and rs + 1 with rt and rt + 1, both even. */
function compareAndSwapPair(word: number) {
  const width: Width = bit(word, 30) ? 64 : 32;
  const { rt, rn } = registers(word);
  const rs = rm(word);
  if (ra(word) !== 31 || (rs & 1) !== 0 || (rt & 1) !== 0) return UNALLOCATED;
  return { kind: "compareAndSwapPair", acquire: bit(word, 22), release: bit(word, 15), width, rs, rt, rn } as const;
}

const ATOMICS = ["add", "clr", "eor", "set", "smax", "smin", "umax", "umin", "swp"] as const;

/** LDADD*, LDCLR*, LDEOR*, LDSET*, LDSMAX* ... LDUMIN*, SWP* and their A, L, AL forms: memory = old op rs, rt = old. */
function atomicMemory(word: number) {
  const op = ATOMICS[bits(word, 15, 12)];
  // The 64-byte accesses, and those of pairs.
  if (op === undefined) return UNMODELLED;
  const bytes = bytesOf(word);
  const order = { acquire: bit(word, 23), release: bit(word, 22) };
  return {
    kind: "atomicMemory",
    op,
    ...order,
    bytes,
    width: widthOf(bytes),
    rs: rm(word),
    ...registers(word),
  } as const;
}

export const LOADS_AND_STORES = [
  row(".. 111001 .. ............ ..... .....", accessScaled),
  row(".. 111000 .. 0 ......... .. ..... .....", accessUnscaled),
  row(".. 011001 .. 0 ......... 00 ..... .....", accessOrderedUnscaled),
  row(".. 111000 .. 1 ..... .... 10 ..... .....", accessRegister),
  row(".. 011000 ................... .....", loadLiteral),
  row(".. 10100 .. . ....... ..... ..... .....", accessPair),
  row(".. 001000 0 1 0 ..... . ..... ..... .....", loadExclusive),
  row(".. 001000 0 0 0 ..... . ..... ..... .....", storeExclusive),
  row("1. 001000 0 1 1 ..... . ..... ..... .....", loadExclusivePair),
  row("1. 001000 0 0 1 ..... . ..... ..... .....", storeExclusivePair),
  row(".. 001000 1 . 0 ..... . ..... ..... .....", accessOrdered),
  row(".. 001000 1 . 1 ..... . ..... ..... .....", compareAndSwap),
  row("0. 001000 0 . 1 ..... . ..... ..... .....", compareAndSwapPair),
  row(".. 111000 .. 1 ..... 0... 00 ..... .....", atomicMemory),
  row(".. 111000 .. 1 ..... 1000 00 ..... .....", atomicMemory),
  row(".. 111000 10 1 ..... 1100 00 ..... .....", accessReleaseConsistent),
] as const;
