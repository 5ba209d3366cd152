// exec-match: what a program computes, whichever CPU runs it and whatever another one is doing meanwhile.

import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Answer, Execution } from "../../subjects/step.js";
import { compare } from "../verdict.js";
import { breachesOfAll, type Oracle, PASS } from "./oracle.js";

export const execMatch: Oracle = {
  name: "exec-match",
  statement:
    "A live program returns what the interpreter says, and what is attached to it runs as the list of steps says, on every CPU and at every moment.",
  source: "linux v6.12 Documentation/bpf/standardization/instruction-set.rst; arch/arm64/net/bpf_jit_comp.c",
  check({ executions }) {
    return breachesOfAll(executions, breaches);
  },
};

function breaches(execution: Execution): readonly string[] {
  const what = breach(execution);
  if (what === undefined) return PASS;
  const { id, cpu, at } = execution;
  return [`#${id} on CPU ${cpu}${at === undefined ? "" : ` after event ${at}`}${what}`];
}

/** What goes behind the name of the run. */
function breach({ problem, outcome, steps, whole, expected }: Execution): string | undefined {
  if (problem?.why === "notMapped" || problem?.why === "notExecutable") {
    const why = problem.why === "notMapped" ? "not mapped" : "not executable";
    return ` cannot run: 0x${problem.va.toString(16)} is ${why}`;
  }
  // What may be stale is for no-stale-fetch, what was not restored for aapcs64-contract.
  if (outcome === undefined || outcome.kind === "violated") return undefined;
  if (outcome.kind === "returned") {
    const { x0 } = outcome;
    const isReturned = ({ returns }: Answer): boolean => returns === undefined || returns === x0;
    const isMet = (one: Answer): boolean =>
      isReturned(one) && isSame(one.steps, steps) && changed(one.whole, whole) === undefined;
    if (expected.some(isMet)) return undefined;
    const likely = expected.filter(isReturned);
    if (likely.length === 0) return ` returned ${x0}, expected ${wanted(expected)}`;
    const seen = likely.find((one) => isSame(one.steps, steps));
    return `: ${seen === undefined ? difference(likely[0]!, steps) : changed(seen.whole, whole)}`;
  }
  if (outcome.kind === "outOfFuel") return ` ran out of fuel, expected to return ${wanted(expected)}`;
  return ` faulted at 0x${outcome.pc.toString(16)} (${outcome.why}), expected to return ${wanted(expected)}`;
}

const wanted = (expected: readonly Answer[]): string =>
  expected.map(({ returns }) => returns ?? "anything").join(" or ");

function isSame(expected: readonly string[], got: readonly string[]): boolean {
  if (expected.length !== got.length) return false;
  for (let i = 0; i < expected.length; i++) if (expected[i] !== got[i]) return false;
  return true;
}

/** The first byte that is not as expected, of the regions that count. */
function changed(expected: Outcome | undefined, got: Outcome | undefined): string | undefined {
  if (expected?.kind !== "returned" || got === undefined) return undefined;
  const names = expected.regions.map(({ name }) => name);
  const counted =
    got.kind === "returned" ? { ...got, regions: got.regions.filter(({ name }) => names.includes(name)) } : got;
  const verdict = compare(expected, counted);
  return verdict.kind === "disagree" ? `${verdict.where} is ${verdict.got}, expected ${verdict.expected}` : undefined;
}

function difference({ steps: expected }: Answer, got: readonly string[]): string {
  const at = expected.findIndex((step, i) => step !== got[i]);
  const i = at < 0 ? expected.length : at;
  return `step ${i + 1} is ${got[i] ?? "none"}, expected ${expected[i] ?? "none"}`;
}
