// What the JIT is given of a program: the verifier's rewriting, with maps and helpers where the layout has them, and
// blinding. Whoever runs the code and whoever lists it gets the same.

import { DEFAULT_ENV } from "../impl/jit/env.js";
import type { JitFunction } from "../impl/jit/function.js";
import { registerMap } from "../impl/jit/registers.js";
import { blindFunction, bpfJitBlindConstants, type Random32, scratchOf } from "../impl/verifier/blinding.js";
import { type FieldPlace, rewrite, type VerifierEnv } from "../impl/verifier/rewrite.js";
import { type RewrittenFunction, variantOf } from "../impl/verifier/rewritten.js";
import { type Changes, changesFor } from "../impl/versions.js";
import { halves, type Va, vaOf } from "../machine/address.js";
import { type FieldAccess, fieldAccess } from "../spec/bpf/context-fields.js";
import { HELPERS, TAIL_CALL } from "../spec/bpf/helpers.js";
import { type Insn, isStackArgument } from "../spec/bpf/insn.js";
import { DEFAULT_LOOPS, isPrivateDepth, type Layout, type Program, type Range } from "../spec/bpf/program.js";
import { type Facts, factsOfCode } from "../spec/bpf/validate/validate.js";
import { mapList } from "../spec/lists.js";
import type { CaseEnv } from "./case.js";
import { mapLayouts, privateStackAt } from "./run/layout.js";

export {
  bpfJitBlindConstants,
  type FieldPlace,
  type RewrittenFunction,
  rewrite,
  scratchOf,
  type VerifierEnv,
  variantOf,
};

/** What callers call the register that blinding uses. */
const BLINDING = 11;

/** Number of the A64 register that holds a BPF register, in the code of a version. */
export const registersOf =
  (changes: Changes) =>
  (bpf: number): number =>
    registerMap(changes)[bpf === BLINDING ? scratchOf(changes) : bpf]!;

/** Bytes of kernel text that stand for one helper. */
const HELPER_BYTES = 64;
/** Kernel functions have places behind all helpers. */
const KFUNCS = 512;
/** A helper's address minus the base of all calls. */
export const helperOffset = (id: number): number => 0x1000 + id * HELPER_BYTES;

/** Loads of the packet call functions that have no number of their own. @param size 1, 2 or 4 bytes */
export const legacyLoadOffset = (size: number): number => helperOffset(LEGACY_LOADS + size);
const LEGACY_LOADS = 0x1000;

/** The kernel functions that a program calls, in the order of their places. */
export const kfuncsOf = ({ code }: Pick<Program, "code">): readonly number[] => [
  ...new Set(code.flatMap((insns) => insns.flatMap(({ row, imm }) => (row.id === "call kfunc" ? [imm] : [])))),
];
/** Of the kernel function with that index among them. */
export const kfuncOffset = (index: number): number => helperOffset(KFUNCS + index);
/** So many there are places for. */
export const MOST_KFUNCS = 256;

/**
 * By code, its functions.
 *
 * @param changes of the version that it is for; default: of ours
 * @param inlineHelpers whose calls keep their number, as the JIT has words of its own for them. Default: none, as a run
 *   counts what is called
 */
export function lowerProgram(
  program: Program,
  facts: Facts,
  { guard = false }: Pick<CaseEnv, "guard">,
  changes = DEFAULT_ENV.changes,
  inlineHelpers: ReadonlySet<number> = NONE,
): readonly (readonly RewrittenFunction[])[] {
  const isPrivate = changes.privateStack && program.privateStack === true;
  return mapList(program.code, (code, index) => {
    const isPlain = !code.some((one) => isStackArgument(one));
    const scratch = isPlain ? scratchOf(changes) : scratchOf(changesFor(changes, { stackArguments: 0 }));
    const own = factsOfCode(facts, index);
    const { functions } = rewrite(code, own, new Addresses(program, { scratch, guard, inlineHelpers }));
    if (!isPrivate || code.some(isTailCall)) return functions;
    // What the verifier adds to a frame later does not decide.
    return mapList(functions, (fn, i) =>
      isPrivateDepth(own.functions[i]!.stackDepth)
        ? variantOf(fn, { privateStack: halves(privateStackAt(index, i, fn.stackDepth).base) })
        : fn,
    );
  });
}

const NONE: ReadonlySet<number> = new Set();

/** What the verifier puts in place of indexes and numbers of a program. */
class Addresses implements VerifierEnv {
  readonly loops: number;
  readonly rewriteDivision: boolean;
  readonly inlineHelpers: ReadonlySet<number>;
  readonly scratch: number;
  private readonly maps: Layout["maps"];
  /** Found when one is called. */
  private kfuncs: readonly number[] | undefined;

  constructor(
    private readonly program: Program,
    given: { readonly scratch: number; readonly guard: boolean; readonly inlineHelpers: ReadonlySet<number> },
  ) {
    this.loops = program.loops ?? DEFAULT_LOOPS;
    this.rewriteDivision = given.guard;
    this.inlineHelpers = given.inlineHelpers;
    this.scratch = given.scratch;
    this.maps = mapLayouts(program.maps);
  }

  mapObject(index: number): Va {
    return this.maps[index]!.object.base;
  }

  mapValues(index: number): Va {
    return this.maps[index]!.values.base;
  }

  helperOffset(id: number): number | undefined {
    return HELPERS.has(id) || this.program.unknownCalls !== undefined ? helperOffset(id) : undefined;
  }

  legacyLoadOffset(size: number): number {
    return legacyLoadOffset(size);
  }

  kfuncOffset(id: number): number {
    this.kfuncs ??= kfuncsOf(this.program);
    return kfuncOffset(this.kfuncs.indexOf(id));
  }

  contextField(offset: number, size: number, how: "load" | "store"): FieldPlace | undefined {
    return placeOf(fieldAccess(this.program.context, offset, size, how));
  }
}

const isTailCall = ({ row, imm }: Insn): boolean => row.id === "call helper" && imm === TAIL_CALL;

/** Where a function's private stack lies, if it has one. */
export function privateStackOf({ privateStack, stackDepth }: JitFunction): Range | undefined {
  if (privateStack === undefined) return undefined;
  const base = vaOf((BigInt(privateStack.high) << 32n) | BigInt(privateStack.low));
  return base === undefined ? undefined : { base, bytes: Math.ceil(stackDepth / 16) * 16 };
}

function placeOf(access: FieldAccess | undefined): FieldPlace | undefined {
  if (access === undefined) return undefined;
  const { field, low, size } = access;
  const { via = [], at, width, bytes: fieldBytes, sort } = field;
  if (sort === "any") return { via, at: at + low, width: size as FieldPlace["width"] };
  const isPart = sort === undefined && size < fieldBytes;
  return { via, at, width, ...(isPart && { part: { low, size, fieldBytes } }) };
}

/** A xorshift generator from a fixed start: 32 bits at a time, never 0. A blinded case replays to the word. */
export function repeatable(): Random32 {
  let state = 0x1234_5678;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state;
  };
}

type BlindResult =
  | { readonly ok: true; readonly lowered: readonly (readonly RewrittenFunction[])[] }
  | { readonly ok: false; readonly why: string };

/** By code, its functions, blinded as a kernel does that draws `repeatable()`. */
export function blindCodes(
  codes: readonly (readonly RewrittenFunction[])[],
  changes = DEFAULT_ENV.changes,
): BlindResult {
  const random = repeatable();
  const lowered: RewrittenFunction[][] = [];
  for (const functions of codes) {
    const blinded: RewrittenFunction[] = [];
    for (const fn of functions) {
      const result = blindFunction(fn, random, scratchOf(changesFor(changes, fn)));
      if (!result.ok) {
        const why = `blinding moves the target of slot ${result.slot} of function ${fn.index} out of reach`;
        return { ok: false, why };
      }
      blinded.push(result.fn);
    }
    lowered.push(blinded);
  }
  return { ok: true, lowered };
}
