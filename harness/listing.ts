// Compiled code as data for listings: each BPF instruction with the A64 words that it became, and the parts of the image
// that belong to no instruction by name.

import type { Disassemble } from "../engines/capstone/disassembler.js";
import { pointer } from "../machine/address.js";
import type { Insn } from "../spec/bpf/insn.js";
import { printInsn } from "../spec/bpf/text/print.js";

/** One function as the JIT left it. */
export interface CompiledFunction {
  readonly title: string;
  /** Index into `Program.code`, and that code as it was written. */
  readonly code: number;
  readonly written: readonly Insn[];
  /** What the verifier made of it for the JIT. */
  readonly insns: readonly Insn[];
  /** Index of a compiled instruction -> slot of the code that it was made from. */
  readonly origin: Int32Array;
  /** Low 48 bits of the address of the first word. */
  readonly va: number;
  /** The words, and the literal behind the last one. */
  readonly words: Uint32Array;
  /** Word index of each compiled instruction, and of the epilogue at the end. */
  readonly offsets: Int32Array;
}

export interface ListedWord {
  /** Low 48 bits. */
  readonly va: number;
  readonly word: number;
  /** Disassembly, or what the data is. */
  readonly text: string;
}

export interface ListedPart {
  /** `prologue`, `epilogue`, `plt`, `literal`, or a slot of the code. */
  readonly part: number | string;
  /** BPF text for an instruction. */
  readonly bpf: string;
  readonly words: readonly ListedWord[];
}

export interface ListedFunction {
  readonly title: string;
  readonly code: number;
  readonly parts: readonly ListedPart[];
}
export type Listing = readonly ListedFunction[];

const RET = 0xd65f_03c0;
const LITERAL_WORDS = 2;

export function listFunction(fn: CompiledFunction, disassemble: Disassemble): ListedFunction {
  const { words, va, written } = fn;
  const text = (word: number, at: number): string => disassemble(word, pointer(at)) ?? "undefined instruction";
  const parts = partsOf(fn).map(({ part, from, to }): ListedPart => {
    const say = part === "literal" ? dataText : text;
    const listed = Array.from(words.subarray(from, to), (word, i) => {
      const at = va + 4 * (from + i);
      return { va: at, word, text: say(word, at) };
    });
    return { part, bpf: typeof part === "number" ? printInsn(written, part) : "", words: listed };
  });
  return { title: fn.title, code: fn.code, parts };
}

const dataText = (word: number): string => `.word 0x${word.toString(16)}`;

/** A stretch of the image: words `from` up to `to`, exclusive. */
export interface Part {
  readonly part: number | string;
  readonly from: number;
  readonly to: number;
}

/** The parts of an image in address order. An instruction without words has an empty one; `lddw` has one for both slots. */
export function partsOf({ origin, offsets, words, written }: CompiledFunction): readonly Part[] {
  const body = offsets[0] ?? 0;
  const epilogue = offsets[origin.length] ?? body;
  const literal = words.length - LITERAL_WORDS;
  const plt = words.subarray(0, literal).lastIndexOf(RET) + 1;
  const slots: Part[] = [];
  for (const [i, slot] of origin.entries()) {
    const from = offsets[i] ?? epilogue;
    const to = offsets[i + 1] ?? epilogue;
    const last = slots.at(-1);
    const owner = written[slot]?.row.kind === "lddwHigh" ? slot - 1 : slot;
    if (last?.part === owner) slots[slots.length - 1] = { ...last, to };
    else slots.push({ part: owner, from, to });
  }
  const named = [
    { part: "epilogue", from: epilogue, to: plt },
    { part: "plt", from: plt, to: literal },
    { part: "literal", from: literal, to: words.length },
  ];
  return [{ part: "prologue", from: 0, to: body }, ...slots, ...named];
}
