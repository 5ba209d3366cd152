// Loads, stores, exclusives and atomics: classes of the Arm manual's section "Loads and Stores".

import { bit, bits, type Decoded, orSp, ra, rd, rm, rn, signedBits, UNALLOCATED, UNMODELLED } from "./fields.js";
import { type AccessBytes, type Extend, type Reg, SP, type Width } from "./insn.js";

const BYTES = [1, 2, 4, 8] as const;

interface AccessForm {
  readonly op: "load" | "store";
  readonly bytes: AccessBytes;
  readonly signed: boolean;
  readonly width: Width;
}

/** The table of size (bits 31:30) and opc (23:22) that the immediate and register classes share. */
function accessForm(word: number): AccessForm | typeof UNALLOCATED | typeof UNMODELLED {
  // Vector registers.
  if (bit(word, 26)) return UNMODELLED;
  const bytes = BYTES[bits(word, 31, 30)]!;
  const width: Width = bytes === 8 ? 64 : 32;
  switch (bits(word, 23, 22)) {
    case 0:
      return { op: "store", bytes, signed: false, width };
    case 1:
      return { op: "load", bytes, signed: false, width };
    case 2:
      // With size 3 the prefetches.
      return bytes === 8 ? UNMODELLED : { op: "load", bytes, signed: true, width: 64 };
    default:
      return bytes >= 4 ? UNALLOCATED : { op: "load", bytes, signed: true, width: 32 };
  }
}

/** LDR*, STR* (immediate), unsigned offset. */
export function accessImmediate(word: number): Decoded {
  const form = accessForm(word);
  if (typeof form === "string") return form;
  const offset = bits(word, 21, 10) * form.bytes;
  return { kind: "accessImmediate", ...form, rt: rd(word), rn: orSp(rn(word)), offset, offsetValue: BigInt(offset) };
}

const EXTENDS: Readonly<Record<number, Extend>> = { 2: "uxtw", 3: "lsl", 6: "sxtw", 7: "sxtx" };

/** LDR*, STR* (register). */
export function accessRegister(word: number): Decoded {
  const form = accessForm(word);
  if (typeof form === "string") return form;
  const extend = EXTENDS[bits(word, 15, 13)];
  if (extend === undefined) return UNALLOCATED;
  return {
    kind: "accessRegister",
    ...form,
    rt: rd(word),
    rn: orSp(rn(word)),
    rm: rm(word),
    extend,
    scaled: bit(word, 12),
  };
}

/** LDR (literal). */
export function loadLiteral(word: number): Decoded {
  const opc = bits(word, 31, 30);
  // LDRSW, PRFM, and vector registers.
  if (opc >= 2 || bit(word, 26)) return UNMODELLED;
  return { kind: "loadLiteral", width: opc === 1 ? 64 : 32, rt: rd(word), offset: signedBits(word, 23, 5) * 4 };
}

const PAIR_MODES = [undefined, "post", "offset", "pre"] as const;
const overlapsBase = (reg: Reg, base: Reg): boolean => base !== SP && reg === base;

/** LDP, STP of 64-bit registers. */
export function accessPair(word: number): Decoded {
  const mode = PAIR_MODES[bits(word, 24, 23)];
  // 32-bit and signed pairs, tag stores, the no-allocate forms, and vector registers.
  if (bits(word, 31, 30) !== 2 || mode === undefined || bit(word, 26)) return UNMODELLED;
  const op = bit(word, 22) ? "load" : "store";
  const rt = rd(word);
  const rt2 = ra(word);
  const base = orSp(rn(word));
  if (mode !== "offset" && (overlapsBase(rt, base) || overlapsBase(rt2, base))) {
    return "constrained unpredictable: written-back base equals data register";
  }
  if (op === "load" && rt === rt2) return "constrained unpredictable: both loaded registers are the same";
  return { kind: "accessPair", op, mode, rt, rt2, rn: base, offset: signedBits(word, 21, 15) * 8 };
}

/** LDXR, LDAXR, STXR, STLXR (bit 23 clear), CAS and its ordered forms (bit 23 set), of 32 and 64 bits. */
export function exclusiveOrCas(word: number): Decoded {
  // Bytes and halfwords; pairs (bit 21 of exclusives, bit 21 clear of compare-and-swap); LDAR, STLR.
  if (!bit(word, 31) || bit(word, 23) !== bit(word, 21)) return UNMODELLED;
  const width: Width = bit(word, 30) ? 64 : 32;
  const load = bit(word, 22);
  const ordered = bit(word, 15);
  const rs = rm(word);
  const rt = rd(word);
  const base = orSp(rn(word));
  if (bit(word, 23)) {
    if (ra(word) !== 31) return UNALLOCATED;
    return { kind: "compareAndSwap", acquire: load, release: ordered, width, rs, rt, rn: base };
  }
  if (ra(word) !== 31 || (load && rs !== 31)) return "constrained unpredictable: should-be-one field";
  if (load) return { kind: "loadExclusive", acquire: ordered, width, rt, rn: base };
  if (rs === rt) return "constrained unpredictable: status register equals data register";
  if (overlapsBase(rs, base)) return "constrained unpredictable: status register equals base register";
  return { kind: "storeExclusive", release: ordered, width, rs, rt, rn: base };
}

const ATOMICS = { 0: "add", 1: "clr", 2: "eor", 3: "set", 8: "swp" } as const;

/** LDADD, LDCLR, LDEOR, LDSET, SWP and their ordered forms, of 32 and 64 bits. */
export function atomicMemory(word: number): Decoded {
  const op = ATOMICS[bits(word, 15, 12) as keyof typeof ATOMICS];
  // Bytes and halfwords, minima and maxima, LDAPR and the 64-byte accesses, and vector registers.
  if (!bit(word, 31) || op === undefined || bit(word, 26)) return UNMODELLED;
  return {
    kind: "atomicMemory",
    op,
    acquire: bit(word, 23),
    release: bit(word, 22),
    width: bit(word, 30) ? 64 : 32,
    rs: rm(word),
    rt: rd(word),
    rn: orSp(rn(word)),
  };
}
