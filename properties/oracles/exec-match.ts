// exec-match: what a program computes, whichever CPU runs it and whatever another one is doing meanwhile.

import { type Execution, type Oracle, PASS } from "./oracle.js";

export const execMatch: Oracle = {
  name: "exec-match",
  statement: "A live program returns what the interpreter says, on every CPU and at every moment.",
  source: "linux v6.12 Documentation/bpf/standardization/instruction-set.rst; arch/arm64/net/bpf_jit_comp.c",
  check({ executions }) {
    return executions.length === 0 ? PASS : executions.flatMap(breaches);
  },
};

function breaches({ id, cpu, problem, outcome, expected, at }: Execution): readonly string[] {
  const when = at === undefined ? "" : ` after event ${at}`;
  const who = `#${id} on CPU ${cpu}${when}`;
  if (problem?.why === "notMapped" || problem?.why === "notExecutable") {
    const why = problem.why === "notMapped" ? "not mapped" : "not executable";
    return [`${who} cannot run: 0x${problem.va.toString(16)} is ${why}`];
  }
  // What may be stale is for no-stale-fetch, what was not restored for aapcs64-contract.
  if (outcome === undefined || outcome.kind === "violated") return PASS;
  if (outcome.kind === "returned") {
    if (expected === undefined || outcome.x0 === expected) return PASS;
    return [`${who} returned ${outcome.x0}, expected ${expected}`];
  }
  if (outcome.kind === "outOfFuel") return [`${who} ran out of fuel, expected to return ${expected}`];
  return [`${who} faulted at 0x${outcome.pc.toString(16)} (${outcome.why}), expected to return ${expected}`];
}
