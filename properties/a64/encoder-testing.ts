// How encoders are tested: against two outside readers. Our decoder, written from the architecture, must give back the
// operands, and Capstone must read the word as our decoder does. Registers go through all numbers in each position,
// immediates through the edges of their fields, and just beyond the edge an encoder must refuse and say why.

import { isDeepStrictEqual } from "node:util";
import { openDisassembler } from "../../engines/capstone/disassembler.js";
import { type Is64, type Reg, X } from "../../impl/a64/registers.js";
import { type Encoded, isRefusal, type RefusalName, refusalName } from "../../impl/a64/word.js";
import { decode, explain } from "../../spec/a64/decode.js";
import { type A64Insn, SP, type Width } from "../../spec/a64/insn.js";
import { text } from "../../spec/a64/text.js";

const disassemble = await openDisassembler();

export const WIDTHS = [1, 0] as const satisfies readonly Is64[];
export const width = (is64: Is64): Width => (is64 === 1 ? 64 : 32);
/** The register of a position where 31 is the stack pointer. */
export const orSp = (reg: Reg): number => (reg === 31 ? SP : reg);

/** All pairs; of three and four registers, each two positions through all numbers with a few others. */
export const PAIRS = X.flatMap((a) => X.map((b) => [a, b] as const));
const FEW = [0, 7, 30, 31].map((n) => X[n]!);
export const THREES = PAIRS.flatMap(([a, b]) => FEW.flatMap((c) => [[a, b, c] as const, [c, a, b] as const]));
export const FOURS = PAIRS.flatMap(([a, b]) => FEW.flatMap((c) => [[a, b, c, c] as const, [c, a, c, b] as const]));

const show = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v));

/** Assert that the word says exactly this. */
export function says(encoded: Encoded, expected: A64Insn): void {
  if (isRefusal(encoded)) throw new Error(`refused (${refusalName(encoded)}): ${show(expected)}`);
  const actual = decode(encoded);
  const hex = `0x${encoded.toString(16)}`;
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${hex} says ${show(actual ?? explain(encoded))}, expected ${show(expected)}`);
  }
  const ours = text(expected, 0);
  const capstone = disassemble(encoded, 0xffff_0000_0000_0000n);
  if (ours !== capstone) throw new Error(`${hex}: we say "${ours}", Capstone says "${capstone}"`);
}

/** Assert that there is no word, for this reason. */
export function refuses(encoded: Encoded, why: RefusalName): void {
  const actual = isRefusal(encoded) ? refusalName(encoded) : `0x${encoded.toString(16)}`;
  if (actual !== why) throw new Error(`expected a refusal (${why}), got ${actual}`);
}
