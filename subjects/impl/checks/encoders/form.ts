// What an encoder must answer, by operands: the instruction that the word says, or the reason why there is none. Written
// from the architecture, as our decoder is; the encoders of `impl/a64` are held against both.

import { isDeepStrictEqual } from "node:util";
import { type Is64, type Reg, X } from "../../../../impl/a64/registers.js";
import { type Encoded, isRefusal, type RefusalName, refusalName } from "../../../../impl/a64/word.js";
import { decode, explain } from "../../../../spec/a64/decode.js";
import type { A64Insn } from "../../../../spec/a64/insn.js";
import { SP, type Width } from "../../../../spec/a64/registers.js";
import type { Draw } from "../../../random/draw.js";
import type { Mismatch } from "../../../subject.js";

/** What a position may hold. */
export interface Operand<T> {
  /** The edges of its field, and what lies just beyond them; all of them are tried. */
  readonly values: readonly T[];
  /** Any value, edge or not. */
  draw(draw: Draw): T;
}

export const oneOf = <T>(values: readonly T[]): Operand<T> => ({ values, draw: (draw) => draw.pick(values) });
/** Edges, and any whole number of at most so many bits, negative or not. */
export const number = (bits: number, edges: readonly number[]): Operand<number> => ({
  values: edges,
  draw: (draw) => (draw.chance(25) ? draw.pick(edges) : drawn(draw, bits)),
});
/** Short ones are as frequent as long ones. */
function drawn(draw: Draw, bits: number): number {
  const magnitude = draw.word() >>> (32 - draw.between(1, bits));
  return draw.chance(20) ? 0 - magnitude : magnitude;
}

export const WIDTH: Operand<Is64> = oneOf([1, 0]);
export const REG: Operand<Reg> = oneOf(X);
export const width = (is64: Is64): Width => (is64 === 1 ? 64 : 32);
/** An access of a whole register. */
export const sized = (is64: Is64) => ({ bytes: is64 === 1 ? 8 : 4, width: width(is64) }) as const;
/** The register of a position where 31 is the stack pointer. */
export const orSp = (reg: Reg): number => (reg === 31 ? SP : reg);

/** `unpredictable`: there is a word, but the architecture does not say what it does. A number is the word itself. */
export type Says = A64Insn | RefusalName | "unpredictable" | number;

/** One encoder. */
export interface Form {
  readonly name: string;
  readonly operands: readonly Operand<unknown>[];
  encode(operands: readonly unknown[]): Encoded;
  says(operands: readonly unknown[]): Says;
}

export function form<T extends readonly unknown[]>(
  name: string,
  operands: { readonly [K in keyof T]: Operand<T[K]> },
  encode: (...operands: T) => Encoded,
  says: (...operands: T) => Says,
): Form {
  return {
    name,
    operands: operands as readonly Operand<unknown>[],
    encode: (values) => encode(...(values as unknown as T)),
    says: (values) => says(...(values as unknown as T)),
  };
}

/** A word without operands. */
export const constant = (name: string, word: Encoded, says: Says): Form =>
  form(
    name,
    [],
    () => word,
    () => says,
  );

/** Each position through all of its edges, with the others drawn. */
export function* sweep({ operands }: Form, draw: Draw): Generator<readonly unknown[]> {
  if (operands.length === 0) yield [];
  for (const [position, operand] of operands.entries()) {
    for (const value of operand.values) {
      yield operands.map((other, i) => (i === position ? value : other.draw(draw)));
    }
  }
}

/** Undefined if the encoder answers as it must. */
export function mismatch(form: Form, operands: readonly unknown[]): Mismatch | undefined {
  const expected = form.says(operands);
  const encoded = form.encode(operands);
  const got = isRefusal(encoded) ? refusalName(encoded) : readBack(encoded, expected);
  if (got === expected || isDeepStrictEqual(got, expected)) return undefined;
  const word = isRefusal(encoded) ? "" : `0x${encoded.toString(16)}: `;
  return {
    where: `${form.name}(${operands.map(show).join(", ")})`,
    expected: show(expected),
    got: word + show(got),
  };
}

/** What goes wrong with each operand the first of its edges that still does. @param operands for which there is a mismatch */
export function plainest(form: Form, operands: readonly unknown[]): Mismatch {
  let best = operands;
  for (const [position, { values }] of form.operands.entries()) {
    const replaced = values.map((value) => best.with(position, value));
    best = replaced.find((candidate) => mismatch(form, candidate) !== undefined) ?? best;
  }
  return mismatch(form, best)!;
}

/** What a word says, in the same terms. */
function readBack(word: number, expected: Says): Says {
  if (typeof expected === "number") return word;
  return decode(word) ?? (explain(word)?.startsWith("constrained unpredictable") ? "unpredictable" : word);
}

const show = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v));
