// A case compiled and not run: its functions as the JIT left them, one image behind the other in memory, and which words
// of an image belong to which instruction. For listings, traces and the coverage of compiled code.

import type { Va } from "../../machine/address.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { mendOf } from "../../spec/bpf/validate/problem.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import { HEADER_BYTES, packedBytes } from "../../spec/pack/allocator.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import { blindCodes, lowerProgram } from "../../subjects/lowering.js";
import { CALL_BASE } from "../../subjects/run/layout.js";
import { DEFAULT_ENV, describe, type JitEnv, type RewrittenFunction, type Subject } from "../../subjects/subject.js";
import { inlinedHelpers } from "../inlined-helpers.js";

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
  readonly va: Va;
  /** The words, and the literal behind the last one. */
  readonly words: Uint32Array;
  /** Word index of each compiled instruction, and of the epilogue at the end. */
  readonly offsets: Int32Array;
}

/** `why`: one line. `next`: what to do about it. */
type Made<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly why: string; readonly next: string };

/** Where the first pack of a fresh machine lies, and the first image in it without a hole. */
export const DEFAULT_BASE: Va = 0x8000_8300_0000 + HEADER_BYTES;

/** Low 48 bits of the address of the next image's first word. */
type NextPlace = (imageBytes: number) => Va;

/** One image behind the other, from that address on. */
export function placesFrom(base: Va): NextPlace {
  let next = base;
  return (imageBytes) => {
    const place = next;
    next += packedBytes(imageBytes);
    return place;
  };
}

/**
 * @param base low 48 bits of the address of the first image's first word
 * @param helpers as a run has them, each called, or as a kernel's verifier leaves them, for the JIT to inline
 */
export function compileFunctions(
  c: Case,
  base: Va,
  subject = defaultSubject,
  helpers: Helpers = "called",
): Made<readonly CompiledFunction[]> {
  const codes = lowerCase(c, subject, helpers);
  if (!codes.ok) return codes;
  const env = envOf(c, subject);
  const place = placesFrom(base);
  const functions: CompiledFunction[] = [];
  for (const [index, lowered] of codes.value.entries()) {
    const code = c.program.code[index] ?? [];
    const compiled = compileCode({ index, lowered, env, written: () => code }, place, subject);
    if (!compiled.ok) return compiled;
    functions.push(...compiled.value);
  }
  return { ok: true, value: functions };
}

/** What the functions of one code are compiled from. */
interface CodeToCompile {
  readonly index: number;
  readonly lowered: readonly RewrittenFunction[];
  readonly env: JitEnv;
  /** The code that a function's origins point into. */
  written(fn: number): readonly Insn[];
}

export function compileCode(
  { index, lowered, env, written }: CodeToCompile,
  place: NextPlace,
  subject = defaultSubject,
): Made<readonly CompiledFunction[]> {
  const compiled = subject.compile(lowered, env, (_, imageBytes) => place(imageBytes));
  if (!compiled.ok) {
    const why = `function ${compiled.index} of code ${index}: ${describe(compiled.error)}`;
    const isMissing = compiled.error.kind === "kernelRefuses" && compiled.error.missing !== undefined;
    return { ok: false, why, next: isMissing ? "give another --subject" : "let rox run judge it" };
  }
  const functions = compiled.images.map(({ image, jitedBytes, roImage, offsets }, i): CompiledFunction => {
    const { insns, origin, index: fn } = lowered[i]!;
    const title = `program ${index}, ${fn === 0 ? "main" : `function ${fn}`}: ${jitedBytes / 4} words`;
    const words = new Uint32Array(image.slice(0, jitedBytes + LITERAL_BYTES).buffer);
    return { title, code: index, written: written(i), insns, origin, va: roImage, words, offsets };
  });
  return { ok: true, value: functions };
}

/** What becomes of a call to a helper whose body is a word or two. */
export type Helpers = "called" | "inlined";

/** What the JIT is given of a case: the functions of each code. */
export function lowerCase(
  c: Case,
  { build }: Pick<Subject, "build"> = defaultSubject,
  helpers: Helpers = "called",
): Made<readonly (readonly RewrittenFunction[])[]> {
  const validity = validate(c.program, { strictness: "rfc", definedness: "run" });
  if (!validity.ok) return { ok: false, why: validity.problems[0]!.message, next: mendOf(validity.problems[0]!) };
  const inlined = helpers === "inlined" ? inlinedHelpers(DEFAULT_ENV) : undefined;
  const codes = lowerProgram(c.program, validity.facts, c.env, build?.changes, inlined);
  if (c.env.blind !== true) return { ok: true, value: codes };
  const blinded = blindCodes(codes, build?.changes);
  return blinded.ok ? { ok: true, value: blinded.lowered } : { ...blinded, next: "compile it without blinding" };
}

export const envOf = (c: Case, { build }: Pick<Subject, "build"> = defaultSubject): JitEnv => ({
  ...DEFAULT_ENV,
  callBase: CALL_BASE,
  ...build,
  lse: c.env.cpu === "lse",
});

/** A stretch of an image: words `from` up to `to`, exclusive. */
interface Part {
  /** `prologue`, `epilogue`, `plt`, or a slot of the code. */
  readonly part: number | string;
  readonly from: number;
  readonly to: number;
}

const RET = 0xd65f_03c0;

/**
 * The parts of an image in address order. An instruction without words has an empty one; `lddw` has one for both slots.
 *
 * @param words of the code, without the literal
 */
export function partsOf(
  { origin, offsets, written }: Pick<CompiledFunction, "origin" | "offsets" | "written">,
  words: Uint32Array,
): readonly Part[] {
  const body = offsets[0] ?? 0;
  const epilogue = offsets[origin.length] ?? body;
  const plt = words.lastIndexOf(RET) + 1;
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
    { part: "plt", from: plt, to: words.length },
  ];
  return [{ part: "prologue", from: 0, to: body }, ...slots, ...named];
}
