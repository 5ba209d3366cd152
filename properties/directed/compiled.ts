// Compiling for an edge: into plain buffers at a chosen address, with every rule of structure checked.

import { type CompiledImage, compileImages } from "../../impl/jit/compile.js";
import { DEFAULT_ENV, type JitEnv } from "../../impl/jit/env.js";
import { describe, type JitError } from "../../impl/jit/error.js";
import type { JitFunction } from "../../impl/jit/function.js";
import type { QuirkId, Quirks } from "../../impl/quirks.js";
import type { Va } from "../../machine/address.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { structureBreaches } from "../oracles/code/index.js";

export const IMAGE: Va = 0x8000_8400_0008;

/** Linux as it is in these points, and mended in all others. */
export const linuxIn = (...ids: readonly QuirkId[]): Quirks => ({
  ...DEFAULT_ENV.quirks,
  ...Object.fromEntries(ids.map((id) => [id, true])),
});

/** The words of the first `slots` slots of a function that is alone, or why it is refused. */
export function wordsOfSlots(
  insns: readonly Insn[],
  slots: number,
  given: Partial<JitEnv> = {},
  arena?: JitFunction["arena"],
): Uint32Array | JitError {
  const fn = { insns, index: 0, stackDepth: 0, ...(arena && { arena }) };
  const compiled = compileImages([fn], { ...DEFAULT_ENV, ...given }, () => IMAGE);
  if (!compiled.ok) return compiled.error;
  const { image, offsets } = compiled.images[0]!;
  return new Uint32Array(image.buffer, image.byteOffset, image.length / 4).subarray(offsets[0], offsets[slots]);
}

/** What is wrong with the program, or `expected` a refusal: what is wrong with its being taken. */
export function compiles(
  functions: readonly JitFunction[],
  place: (index: number) => Va,
  given: Partial<JitEnv> = {},
): string | undefined {
  const env = { ...DEFAULT_ENV, ...given };
  const compiled = compileImages(functions, env, place);
  if (!compiled.ok) return `function ${compiled.index} is refused: ${describe(compiled.error)}`;
  for (const [index, image] of compiled.images.entries()) {
    const breach = breaches(functions[index]!, image, compiled.images, env)[0];
    if (breach !== undefined) return `function ${index}: ${breach}`;
  }
  return undefined;
}

/** What is wrong if a refusal is expected. */
export function isRefused(
  functions: readonly JitFunction[],
  place: (index: number) => Va,
  given: Partial<JitEnv> = {},
): string | undefined {
  const compiled = compileImages(functions, { ...DEFAULT_ENV, ...given }, place);
  return compiled.ok ? "it is taken, expected a refusal" : undefined;
}

const breaches = (fn: JitFunction, image: CompiledImage, all: readonly CompiledImage[], env: JitEnv) =>
  structureBreaches({
    insns: fn.insns,
    words: new Uint32Array(image.image.buffer, image.image.byteOffset, image.image.length / 4),
    codeWords: image.jitedBytes / 4,
    roImage: image.roImage,
    offsets: image.offsets,
    tableBytes: image.tableBytes,
    entries: image.entries,
    callBase: env.callBase,
    dummyTramp: env.dummyTramp,
    functions: all.map(({ roImage }) => roImage),
    inlined: new Set(),
    bti: env.bti,
    isMain: fn.index === 0,
  });
