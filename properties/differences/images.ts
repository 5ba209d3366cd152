// One program compiled by two kernels, at the same addresses and with the same helpers in reach of them: what differs in
// their images then is what the two compilers do, and not where anything lies.

import type { Va } from "../../machine/address.js";
import { withFields } from "../../spec/bpf/insn.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import { HEADER_BYTES } from "../../spec/pack/allocator.js";
import type { Case } from "../../subjects/case.js";
import { blindCodes, helperOffset, lowerProgram, type RewrittenFunction } from "../../subjects/lowering.js";
import {
  type Compiled,
  type CompiledImage,
  DEFAULT_ENV,
  describe,
  type JitEnv,
  type JitFunction,
  linuxEnv,
  type Subject,
} from "../../subjects/subject.js";
import type { VerifierOnlyCase } from "../cases/verifier-only/case.js";
import { loweredOf } from "../cases/verifier-only/check.js";
import { withoutNumbers } from "../verdict.js";

/** A program, or a body of verifier-only instructions. */
export type Compilable = Case | VerifierOnlyCase;

/** One of the two, and what it compiles for. */
export interface Side {
  readonly subject: Subject;
  readonly env: JitEnv;
}

/** One function, as both were given it and as one of them has compiled it. */
export interface FunctionImage {
  readonly fn: JitFunction;
  readonly image: CompiledImage;
}
export type Images =
  | { readonly ok: true; readonly functions: readonly FunctionImage[] }
  /** `why`: without addresses. */
  | { readonly ok: false; readonly why: string };

/** Of one function's image: far behind the one before, and all of a usual program in one pack. */
const STRIDE = 0x2_0000;
/** A64 bytes of a slot, at most: a constant that is blinded, with what surrounds it. */
const BYTES_A_SLOT = 64;
const BASE: Va = 0x8000_8400_0000;

/**
 * What each of two compiles for. A kernel image says what it was built with; `impl` is asked to be as the other one is, in
 * the profile of its version.
 */
export function sidesOf(a: Subject, b: Subject): readonly [Side, Side] {
  const side = (subject: Subject, other: Subject): Side => {
    if (subject.build !== undefined) return { subject, env: { ...DEFAULT_ENV, ...subject.build } };
    if (other.build === undefined) return { subject, env: DEFAULT_ENV };
    return { subject, env: likeImage(other) };
  };
  return [side(a, b), side(b, a)];
}

type Built = Pick<Subject, "profile" | "build" | "known">;
/** The last one of each subject, with the defects that were known of it then. */
const madeFor = new WeakMap<Built, { readonly known: Built["known"]; readonly env: JitEnv }>();

/** What our own JIT compiles for, to make what a kernel image makes: its version, its build, and the defects that it has. */
export function likeImage(subject: Built): JitEnv {
  const { known } = subject;
  const before = madeFor.get(subject);
  if (before !== undefined && before.known === known) return before.env;
  const env = environmentLike(subject);
  madeFor.set(subject, { known, env });
  return env;
}

function environmentLike({ profile = "6.12", build, known }: Built): JitEnv {
  const env = { ...linuxEnv(profile), ...build };
  if (known === undefined) return env;
  const found = Object.fromEntries(FOUND_IN_CODE.map((quirk) => [quirk, known.has(quirk)]));
  return { ...env, quirks: { ...env.quirks, ...found } };
}
/** Of the defects that show in code, those that are looked for in each image: a stable release may have mended one. */
const FOUND_IN_CODE = ["arenaStoreImmBase", "exclusiveAliasedBase", "imageAlignedToWord"] as const;

/** @param base of the calls of helpers, as the other one has it */
export function imagesOf(c: Compilable, { subject, env }: Side, base: Va): Images {
  const here: JitEnv = { ...env, lse: env.lse && ("body" in c ? c.env.lse : c.env.cpu === "lse") };
  const lowered = lower(c, env);
  if (!lowered.ok) return lowered;
  const functions: FunctionImage[] = [];
  // Without a hole, whatever the case says: how large one may be depends on the size of the image.
  let next = BASE + HEADER_BYTES;
  for (const code of lowered.codes) {
    const placed = code.map((fn) => ({ ...fn, insns: reaching(fn.insns, base - env.callBase) }));
    const places = placed.map(({ insns }) => {
      const place = next;
      next += Math.max(STRIDE, Math.ceil((BYTES_A_SLOT * insns.length) / STRIDE) * STRIDE);
      return place;
    });
    const compiled = subject.compile(placed, here, (index) => places[index]!);
    if (!compiled.ok) return { ok: false, why: refusal(compiled) };
    functions.push(...compiled.images.map((image, i) => ({ fn: placed[i]!, image })));
  }
  return { ok: true, functions };
}

type Lowered =
  | { readonly ok: true; readonly codes: readonly (readonly RewrittenFunction[])[] }
  | { readonly ok: false; readonly why: string };

function lower(c: Compilable, { changes }: JitEnv): Lowered {
  if ("body" in c) return { ok: true, codes: [loweredOf(c, changes)] };
  const validity = validate(c.program, { strictness: "rfc", definedness: "run" });
  if (!validity.ok) return { ok: false, why: validity.problems[0]?.message ?? "an invalid program" };
  const codes = lowerProgram(c.program, validity.facts, c.env, changes);
  if (c.env.blind !== true) return { ok: true, codes };
  const blinded = blindCodes(codes, changes);
  return blinded.ok ? { ok: true, codes: blinded.lowered } : blinded;
}

/** The calls with their distances from another base. Lower numbers name helpers that a JIT puts instructions in place of. */
const reaching = (insns: JitFunction["insns"], distance: number): JitFunction["insns"] =>
  distance === 0
    ? insns
    : insns.map((slot) =>
        slot.row.kind === "call" && slot.row.target !== "local" && slot.imm >= FIRST_PLACE
          ? withFields(slot, { imm: (slot.imm + distance) | 0 })
          : slot,
      );
const FIRST_PLACE = helperOffset(0);

/** A kernel says what it lacks; our own JIT, at which instruction. */
const refusal = ({ error }: Extract<Compiled, { ok: false }>): string =>
  error.kind === "kernelRefuses" ? error.detail : withoutNumbers(describe(error));
