// no-stale-fetch: whatever a CPU fetches, it may only ever see the newest bytes. The exception is one instruction that was
// replaced in place: until a CPU synchronizes it may run either version, which poke-atomic is about. What was just made is
// asked about as a whole, on every CPU, whether anybody runs it or not.

import { type Execution, hex, made, type Region, type Scene, type Step } from "../../subjects/step.js";
import { breachesOfAll, type Oracle, PASS, together } from "./oracle.js";

export const noStaleFetch: Oracle = {
  name: "no-stale-fetch",
  statement: "No CPU runs code that it may still see in an older version, at any moment of any operation.",
  source: "Arm DDI 0487, B2.4.4; linux v6.12 arch/arm64/include/asm/cacheflush.h, flush_icache_range()",
  check(step: Step) {
    const { executions, result, scene } = step;
    const unseen = breachesOfAll(made(step), (region) => stale(scene, region));
    const trapped = result.kind === "freed" && result.trap !== undefined ? breaches(result.trap) : PASS;
    return together(unseen, breachesOfAll(executions, breaches), trapped);
  },
};

function stale({ machine }: Scene, { header, bytes, image, codeBytes }: Region): readonly string[] {
  for (let cpu = 0; cpu < machine.cpus; cpu++) {
    const problem = machine.fetch(cpu, header, bytes);
    if (problem === undefined) continue;
    const inCode = machine.fetch(cpu, image, codeBytes);
    const { va, why } = inCode ?? problem;
    const where = inCode === undefined ? `${hex(va)}, beside its code,` : hex(va);
    return [`CPU ${cpu} cannot run ${hex(header)}+${bytes}: ${where} is ${WORDS[why]}`];
  }
  return PASS;
}

function breaches({ id, cpu, problem, at }: Execution): readonly string[] {
  // Code that is not there at all is for exec-match.
  if (problem === undefined || problem.why === "notMapped" || problem.why === "notExecutable") return PASS;
  const when = at === undefined ? "" : ` after event ${at}`;
  return [`CPU ${cpu} runs #${id}${when}, but ${hex(problem.va)} is ${WORDS[problem.why]}`];
}

const WORDS = {
  notMapped: "not mapped",
  notExecutable: "not executable",
  notCleaned: "stored and not cleaned from the data cache",
  notInvalidated: "cleaned and not invalidated in the instruction cache",
  notSynchronized: "new to this CPU, which has not synchronized since",
  staleTranslation: "translated by a stale TLB entry",
} as const;
