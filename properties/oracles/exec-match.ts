// exec-match: what a program computes, whichever CPU runs it and whatever another one is doing meanwhile.

import type { Outcome } from "../../spec/bpf/outcome.js";
import type { Answer, Execution } from "../../subjects/step.js";
import { compare } from "../verdict.js";
import { type Oracle, PASS } from "./oracle.js";

export const execMatch: Oracle = {
  name: "exec-match",
  statement:
    "A live program returns what the interpreter says, and what is attached to it runs as the list of steps says, on every CPU and at every moment.",
  source: "linux v6.12 Documentation/bpf/standardization/instruction-set.rst; arch/arm64/net/bpf_jit_comp.c",
  check({ executions }) {
    return executions.length === 0 ? PASS : executions.flatMap(breaches);
  },
};

function breaches({ id, cpu, problem, outcome, steps, whole, expected, at }: Execution): readonly string[] {
  const when = at === undefined ? "" : ` after event ${at}`;
  const who = `#${id} on CPU ${cpu}${when}`;
  if (problem?.why === "notMapped" || problem?.why === "notExecutable") {
    const why = problem.why === "notMapped" ? "not mapped" : "not executable";
    return [`${who} cannot run: 0x${problem.va.toString(16)} is ${why}`];
  }
  // What may be stale is for no-stale-fetch, what was not restored for aapcs64-contract.
  if (outcome === undefined || outcome.kind === "violated") return PASS;
  const wanted = expected.map(({ returns }) => returns ?? "anything").join(" or ");
  if (outcome.kind === "returned") {
    const { x0 } = outcome;
    const likely = expected.filter(({ returns }) => returns === undefined || returns === x0);
    if (likely.length === 0) return [`${who} returned ${x0}, expected ${wanted}`];
    const seen = likely.filter((answer) => isSame(answer.steps, steps));
    if (seen.length === 0) return [`${who}: ${difference(likely[0]!, steps)}`];
    const wrong = seen.map((answer) => changed(answer.whole, whole));
    return wrong.includes(undefined) ? PASS : [`${who}: ${wrong[0]}`];
  }
  if (outcome.kind === "outOfFuel") return [`${who} ran out of fuel, expected to return ${wanted}`];
  return [`${who} faulted at 0x${outcome.pc.toString(16)} (${outcome.why}), expected to return ${wanted}`];
}

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
