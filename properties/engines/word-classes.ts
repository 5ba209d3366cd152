// Where to look for words of each class of A64 instructions: the rows of the table of `spec/a64`. Nearly all take most words
// of their pattern; of those that take few, such as system registers, every combination is tried beforehand.

import { decode } from "../../spec/a64/decode.js";
import { ENCODING_CLASSES, type EncodingClass } from "../../spec/a64/insn.js";

export interface WordClass {
  readonly pattern: string;
  readonly fixed: number;
  readonly free: number;
  /** Lowest bit and width of an offset that is in units of four bytes from the instruction. */
  readonly offset?: readonly [number, number] | undefined;
  /** Of a class that takes few words: what may be fixed beside their last five bits. */
  readonly few?: readonly number[] | undefined;
}

/** By kind: lowest bit and width. */
const OFFSETS: Readonly<Record<string, readonly [number, number]>> = {
  address: [5, 19],
  loadLiteral: [5, 19],
  branch: [0, 26],
  branchConditional: [5, 19],
  compareAndBranch: [5, 19],
  testAndBranch: [5, 14],
};

const REGISTER = 0x1f;

/** Every word of the pattern that is known, with 31 in the last field. */
function knownWords(fixed: number, free: number): readonly number[] {
  const known: number[] = [];
  const combinations = free & ~REGISTER;
  // All subsets of the free bits, one after the other.
  for (let bits = combinations; ; bits = (bits - 1) & combinations) {
    const word = (fixed | bits | (free & REGISTER)) >>> 0;
    if (decode(word) !== undefined) known.push(word);
    if (bits === 0) return known;
  }
}

function wordClass({ pattern, mask, value }: EncodingClass): WordClass {
  const free = ~mask >>> 0;
  // System instructions fix their upper ten bits.
  const isSystem = value >>> 22 === 0xd500_0000 >>> 22;
  const few = isSystem ? knownWords(value, free) : undefined;
  const kind = decode(few?.[0] ?? value)?.kind ?? "";
  return { pattern, fixed: value, free, offset: OFFSETS[kind], few };
}

/** A word of each condition of encoding fields that random bits seldom meet. */
const NARROW: readonly WordClass[] = [
  // Short shifts and small fields.
  { pattern: "shifted sum by nothing", fixed: 0x0b00_0000, free: 0xe01f_03ff },
  { pattern: "shifted logic by nothing", fixed: 0x0a00_0000, free: 0xe03f_03ff },
  { pattern: "64-bit fields", fixed: 0x9340_0000, free: 0x603f_ffff },
];

export const WORD_CLASSES: readonly WordClass[] = [...ENCODING_CLASSES.map(wordClass), ...NARROW];
