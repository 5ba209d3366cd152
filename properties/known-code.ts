// Known defects of compiled code: a function has one if our own JIT, told to have that defect, makes other bytes of it than
// without. What a subject with the defect then computes is no news.

import { defaultSubject } from "../subjects/index.js";
import { type JitEnv, type JitFunction, PROFILES, type QuirkId, type Subject } from "../subjects/subject.js";

/** Those that show in the bytes of an image, and not in its memory. */
const CODE_QUIRKS: readonly QuirkId[] = [
  ...(["arenaStoreImmBase", "exclusiveAliasedBase", "firstPassRange", "acquireKeepsRegister"] as const),
  ...(["callbackWithoutFrame", "branchRangeDoubled"] as const),
];
const BASE = 0x8000_8400_0008;

/** A known defect of the subject that the code of these functions must have; undefined if there is none. */
export function knownInCode(
  { known, build }: Pick<Subject, "known" | "build">,
  codes: readonly (readonly JitFunction[])[],
  env: JitEnv,
): QuirkId | undefined {
  if (known === undefined) return undefined;
  const its = { ...env, lse: env.lse && build?.lse !== false };
  return CODE_QUIRKS.find((quirk) => known.has(quirk) && codes.some((functions) => isIn(quirk, functions, its)));
}

function isIn(quirk: QuirkId, functions: readonly JitFunction[], env: JitEnv): boolean {
  const bytes = (on: boolean): string => {
    const compiled = defaultSubject.compile(functions, { ...env, quirks: { ...PROFILES.fixed, [quirk]: on } }, place);
    return compiled.ok ? compiled.images.map(({ image }) => Buffer.from(image).toString("latin1")).join() : "refused";
  };
  return bytes(true) !== bytes(false);
}

const place = (index: number): number => BASE + index * 0x10_0000;
