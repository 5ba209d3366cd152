// A case compiled for showing: the listing of all of its images, and their bytes. Nothing runs, so the images go into
// plain memory at whatever address is asked for.

import { openDisassembler } from "../engines/capstone/disassembler.js";
import { type CompiledImage, compileImages } from "../impl/jit/compile.js";
import { DEFAULT_ENV, type JitEnv } from "../impl/jit/env.js";
import { PLT_LITERAL_BYTES } from "../impl/jit/epilogue.js";
import { describe } from "../impl/jit/error.js";
import { binaryPackSize, HEADER_BYTES } from "../impl/pack/binary-pack.js";
import type { LoweredFunction } from "../impl/verifier/rewrite.js";
import type { Va } from "../machine/address.js";
import type { Insn } from "../spec/bpf/insn.js";
import { validate } from "../spec/bpf/validate/validate.js";
import { blindCodes } from "../subjects/blind.js";
import type { Case } from "../subjects/case.js";
import { lowerProgram } from "../subjects/lowering.js";
import { CALL_BASE } from "../subjects/run/layout.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";
import { type CompiledFunction, type Listing, listFunction } from "./listing.js";

export interface CompiledCase {
  readonly functions: readonly CompiledFunction[];
  readonly listing: Listing;
  /** All images with their literals, one after the other. */
  readonly image: Uint8Array;
}

/** Where the first pack of a fresh machine lies, and the first image in it without a hole. */
export const DEFAULT_BASE: Va = 0x8000_8300_0000 + HEADER_BYTES;

/** @param base low 48 bits of the address of the first image's first word. */
export async function compileCase(c: Case, base: Va = DEFAULT_BASE + c.env.hole): Promise<Loaded<CompiledCase>> {
  const compiled = compileFunctions(c, base);
  if (!compiled.ok) return compiled;
  const functions = compiled.value;
  const images = functions.map(({ words }) => new Uint8Array(words.buffer));
  return loaded({ functions, listing: await listingOf(functions), image: Uint8Array.from(Buffer.concat(images)) });
}

export async function listingOf(functions: readonly CompiledFunction[]): Promise<Listing> {
  const disassemble = await openDisassembler();
  return functions.map((fn) => listFunction(fn, disassemble));
}

export function compileFunctions(c: Case, base: Va): Loaded<readonly CompiledFunction[]> {
  const codes = lowerCase(c);
  if (!codes.ok) return codes;
  const env = envOf(c);
  const functions: CompiledFunction[] = [];
  let next = base;
  for (const [index, lowered] of codes.value.entries()) {
    const code = c.program.code[index] ?? [];
    const compiled = compileCode({ index, lowered, env, written: () => code }, (imageBytes) => {
      const place = next;
      next += binaryPackSize(imageBytes);
      return place;
    });
    if (!compiled.ok) return compiled;
    functions.push(...compiled.value);
  }
  return loaded(functions);
}

/** What the functions of one code are compiled from. */
export interface CodeToCompile {
  readonly index: number;
  readonly lowered: readonly LoweredFunction[];
  readonly env: JitEnv;
  /** The code that a function's origins point into. */
  written(fn: number): readonly Insn[];
}

/** @param place low 48 bits of the address of the next image's first word. */
export function compileCode(
  { index, lowered, env, written }: CodeToCompile,
  place: (imageBytes: number) => Va,
): Loaded<readonly CompiledFunction[]> {
  const compiled = compileImages(lowered, env, (_, imageBytes) => place(imageBytes));
  if (!compiled.ok) return notCompiled(`function ${compiled.index} of code ${index}: ${describe(compiled.error)}`);
  const functions = compiled.images.flatMap((image, i) => {
    const fn = lowered[i];
    const bytes = image.image.slice(0, image.jitedBytes + PLT_LITERAL_BYTES);
    return fn === undefined ? [] : [functionOf(written(i), index, fn, image, bytes)];
  });
  return loaded(functions);
}

/** What the JIT is given of a case: the functions of each code. */
export function lowerCase(c: Case): Loaded<readonly (readonly LoweredFunction[])[]> {
  const validity = validate(c.program, { strictness: "rfc" });
  if (!validity.ok) return notCompiled(validity.problems[0]?.message ?? "an invalid one");
  const codes = lowerProgram(c.program, validity.facts, c.env);
  if (c.env.blind !== true) return loaded(codes);
  const blinded = blindCodes(codes);
  return blinded.ok ? loaded(blinded.lowered) : notCompiled(blinded.why);
}

export const envOf = (c: Case): JitEnv => ({ ...DEFAULT_ENV, lse: c.env.cpu === "lse", callBase: CALL_BASE });

/** @param bytes the image with its literal, in a buffer of its own. */
export function functionOf(
  written: readonly Insn[],
  code: number,
  fn: LoweredFunction,
  { jitedBytes, roImage, offsets }: Pick<CompiledImage, "jitedBytes" | "roImage" | "offsets">,
  bytes: Uint8Array,
): CompiledFunction {
  const name = fn.index === 0 ? "main" : `function ${fn.index}`;
  return {
    title: `program ${code}, ${name}: ${jitedBytes / 4} words`,
    code,
    written,
    insns: fn.insns,
    origin: fn.origin,
    va: roImage,
    words: new Uint32Array(bytes.buffer),
    offsets,
  };
}

const notCompiled = (got: string): { readonly ok: false; readonly error: import("./bad-input.js").BadInput } =>
  refuse({ subject: "program", expected: "a program that the JIT takes", got, next: "correct the program" });
