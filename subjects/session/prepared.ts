// Programs as a subject loads them: the functions of each code as the verifier rewrites them, and what is known of them
// before anything is loaded. A program of a history that is given by a few numbers is built once and kept, since histories
// use the same small ones again and again.

import { pointer, type Va } from "../../machine/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { interpret } from "../../spec/bpf/interpret.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import type { FrameRange, Layout, Program } from "../../spec/bpf/program.js";
import { validate } from "../../spec/bpf/validate/validate.js";
import { mapList } from "../../spec/lists.js";
import { type CaseProgram, isCaseProgram, type ProgramSpec } from "../action.js";
import type { Case } from "../case.js";
import { lowerProgram, privateStackOf, type RewrittenFunction, variantOf } from "../lowering.js";
import { frameAt, layoutOf } from "../run/layout.js";
import type { Live } from "../step.js";
import { DEFAULT_ENV, describe, envWith, type JitEnv, type JitFunction, type Subject } from "../subject.js";
import { BuiltPrograms } from "./built-programs.js";
import { factsOf, returnOf, slotsOf } from "./numbered-program.js";

export interface PreparedProgram {
  /** By code: one, or several that call each other's ends. */
  readonly codes: readonly (readonly RewrittenFunction[])[];
  /** For a CPU with single-instruction atomics. */
  readonly lse: boolean;
  /** What it is compiled for, where that is not the session's. */
  readonly env?: JitEnv;
  /** What it is called with. */
  readonly argument: bigint;
  /** r0 at its end; undefined if whoever runs it knows. */
  readonly returns: bigint | undefined;
  /** A generated program of a history: there is more to compare than r0. */
  readonly generated: PreparedCase | undefined;
  /** Of all functions: bytes of the image. Undefined: what their headers say is taken for it. */
  readonly imageBytes: readonly number[] | undefined;
}

/** How a program is loaded. */
export interface Placing {
  /** Bytes between the header and the image, at most as many as there is room for. */
  readonly hole: number;
  readonly blind: boolean;
}

/** A program that was loaded, and what is known of it. */
export interface LiveProgram extends Live {
  readonly prepared: PreparedProgram;
  /** By code. */
  readonly entries: readonly Va[];
}

const others = new WeakMap<JitEnv, JitEnv>();

/** The same environment, for a CPU with single-instruction atomics or for one without. */
export function forCpu(env: JitEnv, lse: boolean): JitEnv {
  if (env.lse === lse) return env;
  let other = others.get(env);
  if (other === undefined) {
    other = envWith(env, { lse });
    others.set(env, other);
  }
  return other;
}

const builtOn = new WeakMap<Subject, BuiltPrograms<PreparedProgram>>();
const casesOn = new WeakMap<Subject, WeakMap<Case, PreparedProgram>>();

/** @throws RangeError if the numbers or the case do not make a program: a slip of the caller's. */
export function prepared(subject: Subject, spec: ProgramSpec | CaseProgram): PreparedProgram {
  return isCaseProgram(spec) ? fromCase(subject, spec.case) : fromNumbers(subject, spec);
}

function fromCase(subject: Subject, value: Case): PreparedProgram {
  const cases = casesOn.get(subject) ?? new WeakMap<Case, PreparedProgram>();
  casesOn.set(subject, cases);
  const known = cases.get(value);
  if (known !== undefined) return known;
  const generated = new PreparedCase(subject, value);
  const { codes, env, imageBytes } = generated;
  const argument = pointer(generated.layout(0).context.base);
  const program = { codes, lse: env.lse, returns: generated.expected(0).r0, argument, generated, imageBytes };
  cases.set(value, program);
  return program;
}

function fromNumbers(subject: Subject, spec: ProgramSpec): PreparedProgram {
  let built = builtOn.get(subject);
  if (built === undefined) {
    built = new BuiltPrograms();
    builtOn.set(subject, built);
  }
  return built.get(spec, () => build(subject, spec));
}

function build(subject: Subject, spec: ProgramSpec): PreparedProgram {
  const program: Program = { code: [slotsOf(spec)], maps: [], context: "memory" };
  const [lowered = []] = lowerProgram(program, factsOf(spec), {}, subject.build?.changes);
  const functions = mapList(lowered, (fn, i) => (i === 0 ? probing(fn, spec.probes) : fn));
  const imageBytes = imageBytesOf(subject, functions, DEFAULT_ENV);
  const known = { returns: returnOf(spec), argument: 0n, generated: undefined, imageBytes };
  return { codes: [functions], lse: DEFAULT_ENV.lse, ...known };
}

/** @throws RangeError if the subject refuses a function */
function imageBytesOf(subject: Subject, functions: readonly JitFunction[], env: JitEnv): PreparedProgram["imageBytes"] {
  const all = mapList(functions, (fn) => subject.imageBytes(fn, env));
  for (const bytes of all) {
    if (typeof bytes === "object") throw new RangeError(`the program does not compile: ${describe(bytes)}`);
  }
  const known = all.filter((bytes) => typeof bytes === "number");
  return known.length === all.length ? known : undefined;
}

const PROBE = insn(rowById("probe ldxdw"), { dst: 2, src: 1 });

/** The first argument is no address, and r2 is not used for anything. Calls name functions, so nothing moves with this. */
const probing = (fn: RewrittenFunction, probes: number): RewrittenFunction =>
  probes === 0 ? fn : variantOf(fn, { insns: [...new Array<Insn>(probes).fill(PROBE), ...fn.insns] });

/** Two register pairs: the frame record, and the tail-call counter with its pointer. */
const LINKAGE_BYTES = 32;

/**
 * By code: where the frame of its main function lies, from what its prologue pushes.
 *
 * @param above bytes that others have pushed before
 */
export const framesOf = (subject: Subject, codes: readonly (readonly RewrittenFunction[])[], above = 0): FrameRange[] =>
  mapList(codes, ([main]) => {
    const { pushed, stackBytes } = subject.frameOf(main!);
    const frame = privateStackOf(main!) ?? frameAt(above + LINKAGE_BYTES + 16 * pushed.length, stackBytes);
    const { counter } = main!;
    const { base, bytes } = frame;
    return counter === undefined ? frame : { base, bytes, counter: base + bytes + counter };
  });

type Returned = Extract<Outcome, { kind: "returned" }>;

/** BPF instructions that a generated program of a history takes at most: they are made to take fewer. */
const FUEL = 50_000;
const IDLE = [insn(rowById("mov imm")), insn(rowById("exit"))];

/** A generated program of a history, and what the interpreter says of its run wherever on the stack it begins. */
class PreparedCase {
  readonly codes: PreparedProgram["codes"];
  readonly env: JitEnv;
  readonly imageBytes: PreparedProgram["imageBytes"];
  private readonly returned = new Map<number, Returned>();

  /** @throws RangeError if the case is no program, or does not return */
  constructor(
    private readonly subject: Subject,
    readonly value: Case,
  ) {
    const { program, env } = value;
    const validity = validate(program);
    if (!validity.ok) throw new RangeError(validity.problems[0]?.message ?? "the program is not valid");
    const { changes } = subject.build ?? DEFAULT_ENV;
    this.env = envWith(DEFAULT_ENV, { changes, lse: env.cpu === "lse" });
    this.codes = lowerProgram(program, validity.facts, {}, changes);
    this.imageBytes = imageBytesOf(subject, this.codes.flat(), this.env);
    this.expected(0);
  }

  get input(): Uint8Array {
    return this.value.inputs[0]!;
  }

  /** @param above bytes that others have pushed on the stack before the program is entered */
  layout(above: number): Layout {
    return layoutOf(this.value.program, this.input.length, framesOf(this.subject, this.codes, above));
  }

  expected(above: number): Returned {
    const known = this.returned.get(above);
    if (known !== undefined) return known;
    const outcome = this.interpret(this.value.program, above);
    this.returned.set(above, outcome);
    return outcome;
  }

  /** The result where fmod_ret skips the function. */
  untouched(above: number, result: bigint): Returned {
    return { ...this.interpret({ ...this.value.program, code: [IDLE] }, above), r0: result };
  }

  private interpret(program: Program, above: number): Returned {
    const outcome = interpret({ program, input: this.input, layout: this.layout(above), fuel: FUEL });
    if (outcome.kind === "returned") return outcome;
    throw new RangeError(
      outcome.kind === "faulted" ? `the program faults: ${outcome.detail}` : "the program does not end",
    );
  }
}

/** A frame's bytes are unspecified after the return once other code has used the stack. */
export const withoutStack = (outcome: Returned): Returned => ({
  ...outcome,
  regions: outcome.regions.filter(({ name }) => name !== "stack"),
});
