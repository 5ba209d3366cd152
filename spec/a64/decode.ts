// From a word to what it says, strictly: a word is known only if every fixed and should-be bit is as the Arm manual has
// it, its fields are not reserved, and its effect is not constrained unpredictable. Whatever is refused has a reason,
// see `explain`. The classes are in `decode-data.ts` (arithmetic), `decode-memory.ts` (loads, stores, atomics) and
// `decode-control.ts` (branches, system).

import { branch, branchRegister, compareAndBranch, conditionalBranch, exceptionOrBarrier } from "./decode-control.js";
import {
  address,
  addSubImmediate,
  addSubShifted,
  bitfield,
  logicalImmediate,
  logicalShifted,
  moveWide,
  oneOrTwoSource,
  threeSource,
} from "./decode-data.js";
import {
  accessImmediate,
  accessPair,
  accessRegister,
  atomicMemory,
  exclusiveOrCas,
  loadLiteral,
} from "./decode-memory.js";
import { type Decoded, UNMODELLED } from "./fields.js";
import type { A64Insn } from "./insn.js";

/** One encoding class: the words whose bits under `mask` are `value`. The rows do not overlap. */
interface ClassRow {
  readonly mask: number;
  readonly value: number;
  readonly decode: (word: number) => Decoded;
}

/** The encoding classes of the manual's chapter C4, as far as they are modelled. */
const CLASSES: readonly ClassRow[] = [
  { mask: 0x9f00_0000, value: 0x1000_0000, decode: address },
  { mask: 0x1f80_0000, value: 0x1100_0000, decode: addSubImmediate },
  { mask: 0x1f80_0000, value: 0x1200_0000, decode: logicalImmediate },
  { mask: 0x1f80_0000, value: 0x1280_0000, decode: moveWide },
  { mask: 0x1f80_0000, value: 0x1300_0000, decode: bitfield },
  { mask: 0x1f00_0000, value: 0x0a00_0000, decode: logicalShifted },
  { mask: 0x1f20_0000, value: 0x0b00_0000, decode: addSubShifted },
  { mask: 0x1fe0_0000, value: 0x1ac0_0000, decode: oneOrTwoSource },
  { mask: 0x1f00_0000, value: 0x1b00_0000, decode: threeSource },
  { mask: 0x3b00_0000, value: 0x3900_0000, decode: accessImmediate },
  { mask: 0x3b20_0c00, value: 0x3820_0800, decode: accessRegister },
  { mask: 0x3b20_0c00, value: 0x3820_0000, decode: atomicMemory },
  { mask: 0x3b00_0000, value: 0x1800_0000, decode: loadLiteral },
  { mask: 0x3a00_0000, value: 0x2800_0000, decode: accessPair },
  { mask: 0x3f00_0000, value: 0x0800_0000, decode: exclusiveOrCas },
  { mask: 0x7c00_0000, value: 0x1400_0000, decode: branch },
  { mask: 0xff00_0000, value: 0x5400_0000, decode: conditionalBranch },
  { mask: 0x7e00_0000, value: 0x3400_0000, decode: compareAndBranch },
  { mask: 0xfe00_0000, value: 0xd600_0000, decode: branchRegister },
  { mask: 0xfe00_0000, value: 0xd400_0000, decode: exceptionOrBarrier },
];

/** For each value of the word's top eleven bits, the few rows that it may belong to. */
const BY_TOP_BITS: readonly (readonly ClassRow[])[] = Array.from({ length: 2048 }, (_, top) => {
  const word = (top << 21) >>> 0;
  return CLASSES.filter(({ mask, value }) => ((word ^ value) & mask & 0xffe0_0000) === 0);
});

/** What `word` says, or undefined if it is not known to this model; then `explain` says why. */
export function decode(word: number): A64Insn | undefined {
  const decoded = decodeOrRefuse(word);
  return typeof decoded === "string" ? undefined : decoded;
}

/**
 * Why `word` is not known: `unallocated` (a reserved field within a modelled class), `constrained unpredictable: ...`,
 * or `not modelled` (possibly a real instruction). Undefined if it is known.
 */
export function explain(word: number): string | undefined {
  const decoded = decodeOrRefuse(word);
  return typeof decoded === "string" ? decoded : undefined;
}

function decodeOrRefuse(word: number): Decoded {
  for (const { mask, value, decode } of BY_TOP_BITS[word >>> 21]!) {
    if (((word ^ value) & mask) === 0) return decode(word);
  }
  return UNMODELLED;
}
