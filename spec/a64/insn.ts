// What an A64 word can say: all integer instructions that a kernel built without floating point executes. One table of
// encoding classes, from which come the types, the decoder (`decode.ts`), the text (`text.ts`), the meaning (`execute.ts`)
// and the words that tests try; a class without a meaning or a text does not compile. The rows are in `decode-data.ts`,
// `decode-memory.ts` and `decode-control.ts`, each beside the function that takes its words apart. The pages of the Arm
// Architecture Reference Manual (DDI 0487) are cited by name, as its section numbers move between issues.

import { CONTROL } from "./decode-control.js";
import { DATA_PROCESSING } from "./decode-data.js";
import { LOADS_AND_STORES } from "./decode-memory.js";
import type { ClassRow, Refusal } from "./fields.js";

const ROWS = [...DATA_PROCESSING, ...LOADS_AND_STORES, ...CONTROL] as const;

/** Decoded operands, by the kind of instruction: registers are `Reg`, offsets bytes, flags and conditions four bits. */
export type A64Insn = Exclude<ReturnType<(typeof ROWS)[number]["decode"]>, Refusal>;
export type A64Kind = A64Insn["kind"];
/** The instructions of one kind. */
export type Insn<Kind extends A64Kind> = Extract<A64Insn, { kind: Kind }>;

export interface EncodingClass {
  readonly pattern: string;
  /** The words whose bits under `mask` are `value`. */
  readonly mask: number;
  readonly value: number;
  readonly decode: (word: number) => A64Insn | Refusal;
}

const number = (pattern: string, bit: (letter: string) => boolean): number =>
  Number.parseInt([...pattern].map((letter) => (bit(letter) ? "1" : "0")).join(""), 2);

function encodingClass({ pattern, decode }: ClassRow<A64Insn>): EncodingClass {
  const letters = pattern.replaceAll(" ", "");
  if (!/^[01.]{32}$/.test(letters)) throw new RangeError(`"${pattern}" is not a pattern of 32 bits`);
  return {
    pattern,
    mask: number(letters, (letter) => letter !== "."),
    value: number(letters, (letter) => letter === "1"),
    decode,
  };
}

/** The rows do not overlap. */
export const ENCODING_CLASSES: readonly EncodingClass[] = ROWS.map((row) => encodingClass(row as ClassRow<A64Insn>));
