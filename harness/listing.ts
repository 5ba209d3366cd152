// Compiled code as data for listings: each BPF instruction with the A64 words that it became, and the parts of the image
// that belong to no instruction by name.

import { type Disassemble, openDisassembler } from "../engines/capstone/disassembler.js";
import { pointer, type Va } from "../machine/address.js";
import {
  type CompiledFunction,
  compileFunctions,
  DEFAULT_BASE,
  type Helpers,
  partsOf,
} from "../properties/cases/compile.js";
import { printInsn } from "../spec/bpf/text/print.js";
import { LITERAL_BYTES } from "../spec/text/text.js";
import type { Case } from "../subjects/case.js";
import { defaultSubject } from "../subjects/index.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";

export interface ListedWord {
  /** Low 48 bits. */
  readonly va: Va;
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

/**
 * The listing of a case, and all its images with their literals, one after the other.
 *
 * @param base low 48 bits of the address of the first image's first word
 */
export async function compileCase(
  c: Case,
  base: Va = DEFAULT_BASE + c.env.hole,
  subject = defaultSubject,
  helpers: Helpers = "called",
): Promise<Loaded<{ readonly listing: Listing; readonly image: Uint8Array }>> {
  const compiled = compileFunctions(c, base, subject, helpers);
  if (!compiled.ok) {
    const expected = "a program that the JIT takes";
    return refuse({ subject: "program", expected, got: compiled.why, next: compiled.next });
  }
  const functions = compiled.value;
  const images = functions.map(({ words }) => new Uint8Array(words.buffer));
  return loaded({ listing: await listingOf(functions), image: Uint8Array.from(Buffer.concat(images)) });
}

export async function listingOf(functions: readonly CompiledFunction[]): Promise<Listing> {
  const disassemble = await openDisassembler();
  return functions.map((fn) => listFunction(fn, disassemble));
}

function listFunction(fn: CompiledFunction, disassemble: Disassemble): ListedFunction {
  const { words, va, written } = fn;
  const end = words.length - LITERAL_BYTES / 4;
  const list = (from: number, to: number, text: (word: number, at: Va) => string): ListedWord[] =>
    Array.from(words.subarray(from, to), (word, i) => {
      const at = va + 4 * (from + i);
      return { va: at, word, text: text(word, at) };
    });
  const code = (word: number, at: Va): string => disassemble(word, pointer(at)) ?? "undefined instruction";
  const parts = partsOf(fn, words.subarray(0, end)).map(({ part, from, to }): ListedPart => {
    return { part, bpf: typeof part === "number" ? printInsn(written, part) : "", words: list(from, to, code) };
  });
  const literal = list(end, words.length, (word) => `.word 0x${word.toString(16)}`);
  return { title: fn.title, code: fn.code, parts: [...parts, { part: "literal", bpf: "", words: literal }] };
}
