// Whether a program is one that a JIT would be given, and the facts that the passes behind a verifier go by. What our own
// generators have drawn is valid by how it was made, and its facts come with it: of fifteen in sixteen they are taken on
// trust. The others, and all that comes from anywhere else, are validated, once. A drawn program on which witnesses disagree
// is validated before anybody hears of it.

import { assert } from "../../../spec/assert.js";
import type { Program } from "../../../spec/bpf/program.js";
import type { Definedness, Strictness } from "../../../spec/bpf/validate/problem.js";
import { type Facts, validate } from "../../../spec/bpf/validate/validate.js";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";

type Validity = ReturnType<typeof validate>;

/**
 * It comes from a generator, as it is: what is made of it, such as a smaller one, is not drawn. All have one shape, since
 * everything reads programs.
 */
class Drawn implements Program {
  readonly code: Program["code"];
  readonly maps: Program["maps"];
  readonly context: Program["context"];
  readonly fields: Program["fields"];
  readonly unknownCalls: Program["unknownCalls"];
  readonly privateStack: Program["privateStack"];
  readonly loops: Program["loops"];
  /** A copy does not have it. */
  readonly #facts: Facts | undefined;

  constructor({ code, maps, context, fields, unknownCalls, privateStack, loops }: Program, facts: Facts | undefined) {
    this.code = code;
    this.maps = maps;
    this.context = context;
    this.fields = fields;
    this.unknownCalls = unknownCalls;
    this.privateStack = privateStack;
    this.loops = loops;
    this.#facts = facts;
  }

  static is(program: Program): program is Drawn {
    return #facts in program;
  }

  static factsOf(program: Program): Facts | undefined {
    return #facts in program ? program.#facts : undefined;
  }
}

/** @param facts what the generator knows of it; undefined: only a validation tells */
export const asDrawn = (program: Program, facts: Facts | undefined): Program => new Drawn(program, facts);

/** What is taken on trust of others is looked at on one program in so many. */
const JUDGED = 16;

/** Whether it is one of those: its own bits say so, so that it is again when it is replayed. */
export const isJudged = (program: Program): boolean =>
  compiledInterpreter() === undefined || (fingerprint(program) >>> 16) % JUDGED === 0;

/** 32 bits that depend on what the instructions are and on nothing else: on up to 16 of each code. */
function fingerprint({ code }: Program): number {
  let print = 0;
  for (const insns of code) {
    const step = 1 + (insns.length >> 4);
    for (let pc = insns.length - 1; pc >= 0; pc -= step) {
      const { row, dst, src, off, imm } = insns[pc]!;
      print = Math.imul(print ^ row.opcode ^ (dst << 8) ^ (src << 12) ^ (off << 16) ^ imm, FNV_PRIME);
    }
  }
  return print;
}
const FNV_PRIME = 0x0100_0193;

export interface Demands {
  readonly strictness: Strictness;
  readonly definedness: Definedness;
}

/** Of a drawn one. Each slot of it is taken to be right by itself. */
function onTrust(program: Program, { strictness, definedness }: Demands): Validity {
  const facts = Drawn.factsOf(program);
  return facts === undefined
    ? validate(program, { strictness, definedness, areSlotsKnown: true })
    : { ok: true, facts };
}

/** Of programs that are not trusted, for the demands that they were validated with last: once when a mutant is made. */
const known = new WeakMap<Program, Demands & { readonly validity: Validity }>();

function validated(program: Program, { strictness, definedness }: Demands): Validity {
  const last = known.get(program);
  if (last?.strictness === strictness && last.definedness === definedness) return last.validity;
  const validity = validate(program, { strictness, definedness });
  known.set(program, { strictness, definedness, validity });
  return validity;
}

/** @throws AssertionError if what is taken on trust is wrong */
export function validityOf(program: Program, demands: Demands): Validity {
  const isTrusted = demands.definedness === "proven" && Drawn.is(program);
  if (isTrusted && !isJudged(program)) return onTrust(program, demands);
  const validity = validated(program, demands);
  if (isTrusted && validity.ok) {
    const trusted = onTrust(program, demands);
    assert(
      trusted.ok && isSame(trusted.facts, validity.facts),
      () => "the facts that its generator gives are not the program's",
    );
  }
  return validity;
}

/** Written out: to compare objects of any sort takes ten times as long. */
function isSame(a: Facts, b: Facts): boolean {
  if (a.functions.length !== b.functions.length || a.contextLoads.length !== b.contextLoads.length) return false;
  for (let f = 0; f < a.functions.length; f++) {
    const [one, other] = [a.functions[f]!, b.functions[f]!];
    if (one.code !== other.code || one.start !== other.start || one.end !== other.end) return false;
    if (one.stackDepth !== other.stackDepth) return false;
  }
  return a.contextLoads.every((slots, code) => {
    const others = b.contextLoads[code]!;
    return slots.size === others.size && [...slots].every((slot) => others.has(slot));
  });
}

type Problems = Extract<Validity, { readonly ok: false }>["problems"];

/** What is wrong with it after all, with nothing taken on trust; undefined for nothing. */
export function problemsOf(program: Program, demands: Demands): Problems | undefined {
  const validity = validate(program, demands);
  return validity.ok ? undefined : validity.problems;
}
