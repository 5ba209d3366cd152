// The programs of histories, built from their few numbers: BPF slots, what the interpreter says of them, and the functions
// that a JIT is given. Built once and kept, since histories use the same small ones again and again.

import { DEFAULT_ENV } from "../../impl/jit/env.js";
import type { JitFunction } from "../../impl/jit/function.js";
import { measure } from "../../impl/jit/passes.js";
import { lower, type VerifierEnv } from "../../impl/verifier/rewrite.js";
import { pointer, type Va } from "../../machine/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { interpret } from "../../spec/bpf/interpret.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Program } from "../../spec/bpf/program.js";
import { factsOfCode, validate } from "../../spec/bpf/validate/validate.js";
import { type CaseProgram, isCaseProgram, leastInsns, type ProgramSpec } from "../action.js";
import { layoutOf } from "../run/layout.js";
import type { Live } from "../step.js";
import { BuiltCase } from "./built-case.js";

export interface BuiltProgram {
  /** By code: one, or several that call each other's ends. */
  readonly codes: readonly (readonly JitFunction[])[];
  /** For a CPU with single-instruction atomics. */
  readonly lse: boolean;
  /** r0 at its end, says the interpreter. */
  readonly returns: bigint;
  /** What it is called with. */
  readonly argument: bigint;
  /** A generated program: there is more to compare than r0. */
  readonly generated: BuiltCase | undefined;
  /** Of all functions: bytes of the image, without header and slack. */
  readonly imageBytes: readonly number[];
  /** Images of functions that are the same at every address; each made when first asked for. */
  readonly fixed: Map<JitFunction, Uint8Array>;
}

const MOV = rowById("mov imm");
const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const ADD_REG = rowById("add reg");
const CALL = rowById("call local");
const EXIT = insn(rowById("exit"));
const ONE_MORE = insn(ADD, { dst: 0, imm: 1 });
const PROBE = insn(rowById("probe ldxdw"), { dst: 2, src: 1 });
/** What the calls add up in. */
const SUM = 6;

const KEPT = 4000;
const kept = new Map<string, BuiltProgram>();

/** A program that was loaded, and what is known of it. */
export interface LiveProgram extends Live {
  readonly built: BuiltProgram;
  /** By code. */
  readonly entries: readonly Va[];
}

/** @throws RangeError if the numbers or the case do not make a program: a slip of the caller's. */
export function builtProgram(spec: ProgramSpec | CaseProgram): BuiltProgram {
  return isCaseProgram(spec) ? builtCase(spec) : builtFromNumbers(spec);
}

const keptCases = new WeakMap<CaseProgram["case"], BuiltProgram>();

function builtCase({ case: value }: CaseProgram): BuiltProgram {
  const found = keptCases.get(value);
  if (found !== undefined) return found;
  const generated = new BuiltCase(value);
  const { codes, env, imageBytes } = generated;
  const argument = pointer(generated.layout(0).context.base);
  const { r0 } = generated.expected(0);
  const built = { codes, lse: env.lse, returns: r0, argument, generated, imageBytes, fixed: new Map() };
  keptCases.set(value, built);
  return built;
}

function builtFromNumbers(spec: ProgramSpec): BuiltProgram {
  const key = `${spec.first} ${spec.insns} ${spec.subprograms} ${spec.probes}`;
  const found = kept.get(key);
  if (found !== undefined) return found;
  if (kept.size >= KEPT) kept.clear();
  const built = build(spec);
  kept.set(key, built);
  return built;
}

function build(spec: ProgramSpec): BuiltProgram {
  const program: Program = { code: [slotsOf(spec)], maps: [], context: "memory" };
  const validity = validate(program);
  if (!validity.ok) throw new RangeError(`no program: ${JSON.stringify(spec)}: ${validity.problems[0]?.message}`);
  const outcome = interpret({ program, input: new Uint8Array(8), layout: layoutOf(program, 8), fuel: 1_000_000 });
  if (outcome.kind !== "returned") throw new RangeError(`${JSON.stringify(spec)} does not return: ${outcome.kind}`);
  const lowered = lower(program.code[0]!, factsOfCode(validity.facts, 0), NO_ADDRESSES).functions;
  const functions = lowered.map((fn, i) => (i === 0 ? probing(fn, spec.probes) : fn));
  const imageBytes = functions.map((fn) => {
    const measured = measure(fn, DEFAULT_ENV);
    if (!measured.ok) throw new RangeError(`${JSON.stringify(spec)} does not compile: ${measured.error.kind}`);
    return measured.sized.imageBytes;
  });
  const of = { returns: outcome.r0, argument: 0n, generated: undefined };
  return { codes: [functions], lse: DEFAULT_ENV.lse, ...of, imageBytes, fixed: new Map() };
}

/** The first argument is no address, and r2 is not used for anything. Calls name functions, so nothing moves with this. */
const probing = (fn: JitFunction, probes: number): JitFunction =>
  probes === 0 ? fn : { ...fn, insns: [...new Array<Insn>(probes).fill(PROBE), ...fn.insns] };

const NO_ADDRESSES: VerifierEnv = { mapObject: () => 0, mapValues: () => 0, helperOffset: () => undefined };

function slotsOf({ first, insns, subprograms }: ProgramSpec): readonly Insn[] {
  if (insns < leastInsns(subprograms)) throw new RangeError(`${insns} slots for ${subprograms} subprograms`);
  const counting = (n: number): Insn[] => new Array<Insn>(n).fill(ONE_MORE);
  const slots: Insn[] = [];
  if (subprograms === 0) slots.push(insn(MOV, { dst: 0, imm: first }));
  else {
    slots.push(insn(MOV, { dst: SUM, imm: first }));
    for (let i = 0; i < subprograms; i++) {
      const pc = slots.length;
      slots.push(insn(CALL, { imm: insns * (i + 1) - pc - 1 }), insn(ADD_REG, { dst: SUM, src: 0 }));
    }
    slots.push(insn(MOV_REG, { dst: 0, src: SUM }));
  }
  slots.push(...counting(insns - slots.length - 1), EXIT);
  for (let i = 0; i < subprograms; i++) {
    slots.push(insn(MOV, { dst: 0, imm: first + i + 1 }), ...counting(insns - 2), EXIT);
  }
  return slots;
}
