// One run on a subject that is no kernel against what the interpreter says of it: r0, all memory, the frame, what helpers were
// called with, and the calling convention.

import { vaOf } from "../../../machine/address.js";
import { hex64 } from "../../../spec/bits.js";
import { helperName } from "../../../spec/bpf/helper-names.js";
import { HELPERS } from "../../../spec/bpf/helpers.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { type InterpretState, interpret } from "../../../spec/bpf/interpret.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Layout, Program } from "../../../spec/bpf/program.js";
import type { HostedProgram, HostedRun } from "../../../subjects/program-subject.js";
import { compare, type Disagreement, type Verdict } from "../../verdict.js";
import type { Answer, Question } from "./answer.js";
import { FILE_FUEL } from "./report.js";

/** What the interpreter says of a run, and how it called helpers. */
export interface Expected {
  readonly answer: Answer;
  readonly calls: readonly { readonly number: number; readonly r: BigUint64Array }[];
}

/** @param ask gives the answer to a question */
export function expectedOf(question: Question, ask: (question: Question) => Answer): Expected {
  const calls: { readonly number: number; readonly r: BigUint64Array }[] = [];
  const hasCalls = question.run.program.code.some((code) => code.some(isHelperCall));
  const trace = hasCalls
    ? ({ insn, registers }: InterpretState): void => {
        if (isHelperCall(insn)) calls.push({ number: insn.imm, r: registers.slice(0, 6) });
      }
    : undefined;
  return { answer: ask({ ...question, run: { ...question.run, trace } }), calls };
}

const isHelperCall = ({ row }: Insn): boolean => row.kind === "call" && row.target === "helper";

interface Compared {
  readonly program: Program;
  readonly layout: Layout;
  readonly input: Uint8Array;
  readonly hosted: HostedProgram;
  readonly ignored: ReadonlyMap<string, unknown>;
}

export function compareRun(about: Compared, { answer: { outcome }, calls }: Expected, got: HostedRun): Verdict {
  if (outcome.kind === "returned") {
    const call = differentCall(about, calls, got.calls);
    if (call !== undefined) return call;
    if (got.violated !== undefined) return violation(got.violated);
  }
  const { sees } = about.hosted;
  if (sees === "all") return compare(outcome, got.outcome);
  if (sees === "memory") return compare(withoutFrame(outcome), withoutFrame(got.outcome));
  return dependsOnAddresses(about, outcome) ?? compare(resultOf(outcome), resultOf(got.outcome));
}

const resultOf = (outcome: Outcome): Outcome => (outcome.kind === "returned" ? { ...outcome, regions: [] } : outcome);

/** The subject has addresses of its own: a result that is another one elsewhere cannot be compared. */
function dependsOnAddresses({ program, input, hosted }: Compared, outcome: Outcome): Verdict | undefined {
  const layout = hosted.elsewhere?.(input.length);
  if (layout === undefined || outcome.kind !== "returned") return undefined;
  const other = interpret({ program, input, layout, fuel: FILE_FUEL });
  if (other.kind === "returned" && other.r0 === outcome.r0) return undefined;
  return { kind: "refused", missing: "our addresses", why: "the result depends on addresses" };
}

const withoutFrame = (outcome: Outcome): Outcome =>
  outcome.kind === "returned"
    ? { ...outcome, regions: outcome.regions.filter(({ name }) => name !== "stack") }
    : outcome;

/** The first call of a helper that is not as it must be: which one, and each argument. */
function differentCall(
  { layout, input, hosted, ignored }: Compared,
  expected: Expected["calls"],
  got: HostedRun["calls"],
): Disagreement | undefined {
  for (const [i, want] of expected.entries()) {
    const call = got[i];
    const which = `call ${i + 1} of a helper`;
    if (call === undefined) return different(which, helperName(want.number), "no call", "a helper is not called");
    if (call.number !== want.number) {
      return different(which, helperName(want.number), helperName(call.number), "another helper is called");
    }
    for (const [register, value] of argumentsOf(want, { layout, input, hosted })) {
      const name = `x${register}`;
      if (call.x[register] === value || ignored.has(`helper.${name}`)) continue;
      const where = `${which}, ${helperName(want.number)}, argument in ${name}`;
      return different(where, hex64(value), hex64(call.x[register]!), `helper argument in ${name}`);
    }
  }
  if (got.length <= expected.length) return undefined;
  return different(
    `call ${expected.length + 1} of a helper`,
    "no call",
    helperName(got.at(-1)!.number),
    "a helper is called",
  );
}

/** What a helper must get: its own arguments, but for pointers into frames of local functions, and what else is declared. */
function argumentsOf(
  { number, r }: Expected["calls"][number],
  { layout, input, hosted }: Pick<Compared, "layout" | "input" | "hosted">,
): readonly (readonly [register: number, value: bigint])[] {
  const { base, bytes } = layout.calleeStacks;
  const isElsewhere = (value: bigint): boolean => {
    const va = vaOf(value);
    const {
      frames: [frame],
    } = layout;
    const inFrame = va !== undefined && hosted.sees !== "all" && va >= frame!.base && va < frame!.base + frame!.bytes;
    return inFrame || (va !== undefined && va >= base && va < base + bytes);
  };
  const own = (HELPERS.get(number)?.args ?? []).flatMap((_, i) => {
    const value = r[i + 1]!;
    return isElsewhere(value) ? [] : [[i, value] as const];
  });
  return [...own, ...hosted.extras(layout, input.length, number)];
}

const different = (where: string, expected: string, got: string, reason: string): Disagreement => ({
  ...{ kind: "disagree", oracle: "exec-match", reason, where, expected, got },
});

/** `AAPCS64: x20 must be preserved: expected ..., got ...`. */
function violation(rule: string): Disagreement {
  const [, register = "a register", expected = "its value at entry", got = rule] =
    /^AAPCS64: (\w+) must .*: expected (\S+), got (\S+)$/.exec(rule) ?? [];
  const where = `${register} on return`;
  return { kind: "disagree", oracle: "aapcs64-contract", reason: `${register} is not restored`, where, expected, got };
}
