// Random cases: setups of every kind, and records at any address.

import fc from "fast-check";
import { u64 } from "../../../spec/bits.js";
import type { FuncArg } from "../../../subjects/subject.js";
import {
  AT_REACH,
  type AtReach,
  MOST_WORDS,
  type ProgramPlan,
  type TrampolineSetup,
  WORD,
  wordsOf,
} from "../../../subjects/trampoline/setup.js";
import { plain, type TrampolineCase } from "./case.js";

const register = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 0x8000_0000n, 0xffff_ffffn, 0x0123_4567_89ab_cdefn),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const value = register.map(u64);

/** What all trampolines take. */
const FEW_WORDS = 8;

const program: fc.Arbitrary<ProgramPlan> = fc.record({
  cookie: fc.oneof(fc.constant(0n), value),
  sleepable: fc.boolean(),
  recursionChecked: fc.boolean(),
  lsmCgroup: fc.boolean(),
  jited: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  start: fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: fc.constant(0n) }),
  result: fc.oneof(fc.constant(0n), value),
});
const programs = fc.oneof(fc.constant([]), fc.array(program, { minLength: 1, maxLength: 3 }));

const sessions = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  {
    weight: 1,
    arbitrary: fc.array(
      fc
        .tuple(program, fc.option(value, { nil: undefined }))
        .map(([plan, leaves]) => ({ ...plan, recursionChecked: true, lsmCgroup: false, leaves })),
      { minLength: 1, maxLength: 3 },
    ),
  },
);

/** Mostly words, sometimes structs, up to 8 words in all, or up to 12. */
const args: fc.Arbitrary<readonly FuncArg[]> = fc
  .array(
    fc.oneof(
      fc.constantFrom(WORD, { bytes: 4, isStruct: false }),
      fc.integer({ min: 1, max: 16 }).map((bytes) => ({ bytes, isStruct: true })),
    ),
    { maxLength: MOST_WORDS, size: "max" },
  )
  .chain((list) => fc.constantFrom(FEW_WORDS, FEW_WORDS, MOST_WORDS).map((most) => shortened(list, most)));

function shortened(list: readonly FuncArg[], most: number): readonly FuncArg[] {
  let kept = list;
  while (wordsOf(kept) > most) kept = kept.slice(0, -1);
  return kept;
}

const drawn = fc.record({
  target: fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom("jit" as const, "near" as const, "far" as const, "structOps" as const) },
    { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(AT_REACH) as AtReach[])) },
  ),
  helpersFar: fc.boolean(),
  bti: fc.boolean(),
  args,
  values: fc.array(value, { minLength: MOST_WORDS, maxLength: MOST_WORDS }),
  original: value,
  fentry: programs,
  fmodRet: programs,
  fexit: programs,
  fsession: sessions,
  ipArg: fc.boolean(),
  returns: fc.boolean(),
  moment: fc.nat(30),
  only: program,
});

export const setup: fc.Arbitrary<TrampolineSetup> = drawn.map(({ only, ...rest }) => {
  if (rest.target === "structOps") {
    const member = { ...only, recursionChecked: false, start: u64(only.start === 0n ? 1n : only.start) };
    return { ...rest, fentry: [member], fmodRet: [], fexit: [], fsession: [], ipArg: false };
  }
  const isEmpty = rest.fentry.length + rest.fmodRet.length + rest.fexit.length + rest.fsession.length === 0;
  return isEmpty ? { ...rest, fentry: [only] } : rest;
});

const anyCase: fc.Arbitrary<TrampolineCase> = fc.record({
  setup,
  record: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { nil: undefined, freq: 3 }),
});
/** How far values lean to edges, as in the first of fast-check's own runs. */
const BIAS = 5;

export const trampolineCase = (random: fc.Random): TrampolineCase => plain(anyCase.generate(random, BIAS).value);
