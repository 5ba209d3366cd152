// Compiled code as data for listings: each BPF instruction with the A64 words that it became, and the parts of the image
// that belong to no instruction by name.

import { pointer } from "../machine/address.js";
import type { Insn } from "../spec/bpf/insn.js";
import { printInsn } from "../spec/bpf/text/print.js";
import type { Disassemble } from "./disassembler.js";

/** One function as the JIT left it. */
export interface CompiledFunction {
  readonly title: string;
  /** Index into `Program.code`, and the slot of that code that the function begins with. */
  readonly code: number;
  readonly start: number;
  /** The function's slots as they were written. */
  readonly insns: readonly Insn[];
  /** Low 48 bits of the address of the first word. */
  readonly va: number;
  /** The words, the literal behind the last one included where it has one. */
  readonly words: Uint32Array;
  /** Word index of each slot, and of the epilogue at the end. */
  readonly offsets: ArrayLike<number>;
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
  const { insns, offsets, words, va } = fn;
  const body = offsets[0] ?? 0;
  const epilogue = offsets[insns.length] ?? body;
  const plt = words.subarray(0, words.length - LITERAL_WORDS).lastIndexOf(RET) + 1;
  const literal = words.length - LITERAL_WORDS;
  const list = (from: number, to: number, text: (word: number, at: number) => string): ListedWord[] =>
    Array.from(words.subarray(from, to), (word, i) => {
      const at = va + 4 * (from + i);
      return { va: at, word, text: text(word, at) };
    });
  const code = (word: number, at: number): string => disassemble(word, pointer(at)) ?? "undefined instruction";
  const slots = insns.flatMap(({ row }, slot): ListedPart[] => {
    if (row.kind === "lddwHigh") return [];
    const end = offsets[slot + (row.kind === "lddw" ? 2 : 1)] ?? epilogue;
    const listed = list(offsets[slot] ?? 0, end, code);
    return [{ part: fn.start + slot, bpf: printInsn(insns, slot), words: listed }];
  });
  const parts: ListedPart[] = [
    { part: "prologue", bpf: "", words: list(0, body, code) },
    ...slots,
    { part: "epilogue", bpf: "", words: list(epilogue, plt, code) },
    { part: "plt", bpf: "", words: list(plt, literal, code) },
    { part: "literal", bpf: "", words: list(literal, words.length, (word) => `.word 0x${word.toString(16)}`) },
  ];
  return { title: fn.title, code: fn.code, parts: parts.filter((part) => part.words.length > 0 || part.bpf !== "") };
}
