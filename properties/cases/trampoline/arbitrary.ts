// One thing to try: a function, what is attached to it, and how everybody answers.

import fc from "fast-check";
import type { FuncArg } from "../../../impl/trampoline/links.js";
import { u64 } from "../../../spec/bits.js";

export interface ProgramPlan {
  readonly cookie: bigint;
  readonly sleepable: boolean;
  readonly recursionChecked: boolean;
  readonly lsmCgroup: boolean;
  readonly jited: boolean;
  /** What entering it answers; 0: it must not run. */
  readonly start: bigint;
  readonly result: bigint;
}

export interface TrampolineSetup {
  /** `jit`: a BPF program of one argument. `near`, `far`: a function with a patch site, within reach of a branch or not. */
  readonly target: "jit" | "near" | "far" | "structOps";
  /** Kernel functions are out of reach of a direct call. */
  readonly helpersFar: boolean;
  readonly bti: boolean;
  /** Of a function; a program has one. No more than 8 registers. */
  readonly args: readonly FuncArg[];
  /** By register. */
  readonly values: readonly bigint[];
  readonly original: bigint;
  /** At least one program in all. struct_ops: one fentry program, which always runs, and nothing else. */
  readonly fentry: readonly ProgramPlan[];
  readonly fmodRet: readonly ProgramPlan[];
  readonly fexit: readonly ProgramPlan[];
  readonly ipArg: boolean;
  /** struct_ops: the result of the program is used. */
  readonly returns: boolean;
  /** Before which memory event of a poke another CPU runs through the patch site; undefined: none does. */
  readonly moment: number | undefined;
}

const register = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 0x8000_0000n, 0xffff_ffffn, 0x0123_4567_89ab_cdefn),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const value = register.map(u64);

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

/** Mostly words, sometimes structs, up to 8 registers in all. */
const args: fc.Arbitrary<readonly FuncArg[]> = fc
  .array(
    fc.oneof(
      fc.constantFrom({ bytes: 8, isStruct: false }, { bytes: 4, isStruct: false }),
      fc.integer({ min: 1, max: 16 }).map((bytes) => ({ bytes, isStruct: true })),
    ),
    { maxLength: 8 },
  )
  .map((list) => {
    while (registersOf(list) > 8) list.pop();
    return list;
  });

export const registersOf = (list: readonly FuncArg[]): number =>
  list.reduce((n, { bytes, isStruct }) => n + (isStruct && bytes > 8 ? 2 : 1), 0);

const drawn = fc.record({
  target: fc.constantFrom("jit" as const, "near" as const, "far" as const, "structOps" as const),
  helpersFar: fc.boolean(),
  bti: fc.boolean(),
  args,
  values: fc.array(value, { minLength: 8, maxLength: 8 }),
  original: value,
  fentry: programs,
  fmodRet: programs,
  fexit: programs,
  ipArg: fc.boolean(),
  returns: fc.boolean(),
  moment: fc.nat(30),
  only: program,
});

export const setup: fc.Arbitrary<TrampolineSetup> = drawn.map(({ only, ...rest }) => {
  if (rest.target === "structOps") {
    const member = { ...only, recursionChecked: false, start: u64(only.start === 0n ? 1n : only.start) };
    return { ...rest, fentry: [member], fmodRet: [], fexit: [], ipArg: false };
  }
  const isEmpty = rest.fentry.length + rest.fmodRet.length + rest.fexit.length === 0;
  return isEmpty ? { ...rest, fentry: [only] } : rest;
});
