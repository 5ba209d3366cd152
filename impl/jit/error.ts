// Why the JIT refused a function; the kernel then leaves the program to the interpreter. Named by the kernel's reason.

import type { RefusalName } from "../a64/word.js";

export type JitError =
  /** A branch distance, in words, that `bits` signed bits do not hold. */
  | { readonly kind: "branchOutOfRange"; readonly pc: number; readonly imm: number; readonly bits: 19 | 26 }
  /** A word of the image is the illegal instruction, because the encoder had no word for it. */
  | {
      readonly kind: "refusedEncoding";
      readonly word: number;
      /** Slot that the word was emitted for, or undefined in prologue and epilogue. */
      readonly pc: number | undefined;
      readonly why: RefusalName | undefined;
    }
  | { readonly kind: "unknownOpcode"; readonly pc: number; readonly opcode: number }
  /** Atomics into an arena need LSE. */
  | { readonly kind: "unsupportedAtomic"; readonly pc: number }
  /** A local call's off is not the index of a function. */
  | { readonly kind: "badCallee"; readonly pc: number; readonly index: number }
  /** A stack argument at an offset where none is. */
  | { readonly kind: "badArgument"; readonly pc: number; readonly off: number }
  | { readonly kind: "prologueLength"; readonly words: number; readonly expected: number }
  /** The last pass came to another length than the one before. */
  | { readonly kind: "bodyMoved"; readonly words: number; readonly expected: number }
  | { readonly kind: "exceptionEntries"; readonly written: number; readonly expected: number }
  /** An exception entry cannot reach its instruction. */
  | { readonly kind: "exceptionRange"; readonly pc: number; readonly bytes: number }
  /** In the words of a kernel that is not ours. `missing`: what it does not have at all. */
  | { readonly kind: "kernelRefuses"; readonly detail: string; readonly missing?: string }
  /** The image with direct calls came out longer than the one without (kernel: "multi-func JIT bug"). */
  | { readonly kind: "extraPassGrew"; readonly words: number; readonly expected: number };

/** One line for people. */
export function describe(error: JitError): string {
  switch (error.kind) {
    case "kernelRefuses":
      return error.detail;
    case "branchOutOfRange":
      return `pc ${error.pc}: imm=${error.imm} out of range of ${error.bits} bits`;
    case "refusedEncoding":
      return `word ${error.word}${error.pc === undefined ? "" : ` (pc ${error.pc})`}: no encoding (${error.why ?? "fill word"})`;
    case "unknownOpcode":
      return `pc ${error.pc}: unknown opcode 0x${error.opcode.toString(16).padStart(2, "0")}`;
    case "badArgument":
      return `pc ${error.pc}: no stack argument at ${error.off}`;
    case "unsupportedAtomic":
      return `pc ${error.pc}: atomics into an arena need LSE`;
    case "badCallee":
      return `pc ${error.pc}: function ${error.index} does not exist`;
    case "prologueLength":
      return `prologue is ${error.words} words up to the tail-call entry, expected ${error.expected}`;
    case "bodyMoved":
      return `body ends at word ${error.words}, expected ${error.expected}`;
    case "exceptionEntries":
      return `${error.written} exception entries were written, expected ${error.expected}`;
    case "exceptionRange":
      return `pc ${error.pc}: exception entry is ${error.bytes} bytes from its instruction`;
    case "extraPassGrew":
      return `the last round came to ${error.words} words, the first to ${error.expected}`;
    default:
      return error satisfies never;
  }
}
