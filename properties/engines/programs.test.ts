// The same programs, compiled once and run by each engine: every run must agree with the interpreter, and the engines with
// each other also in what the interpreter does not see, such as where a fault is and how many instructions ran. Words
// and states that no program has are compared in `single-step.test.ts`.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Engine, EngineOutcome } from "../../engines/engine.js";
import { ENGINES } from "../../engines/index.js";
import { referenceEngine } from "../../engines/reference/engine.js";
import type { Outcome } from "../../spec/bpf/outcome.js";
import { assertLaw, saturated } from "../../testing/law.js";
import { available } from "../../testing/required.js";
import { CaseArbitrary } from "../cases/program/arbitrary.js";
import { checkCase, makeChecker } from "../cases/program/check.js";
import type { CaseReport } from "../cases/program/report.js";

const RUNS = saturated({ few: 600, full: 2000 });
/** Of which the whole reports are compared. */
const REPORTS = saturated({ few: 150, full: 500 });
const usable = ENGINES.filter((engine) => available(engine.name, () => engine.unavailable()));

/** An engine that remembers what became of its runs, in words that all engines share. */
function remembering(engine: Engine): Engine & { readonly outcomes: object[] } {
  const outcomes: object[] = [];
  return {
    ...engine,
    outcomes,
    run(run) {
      const outcome: EngineOutcome = engine.run(run);
      outcomes.push({ ...outcome, detail: undefined });
      return outcome;
    },
  };
}

/** What came of a law that the engines agree, run by run. */
class Agreement {
  readonly runs: Map<string, number>;
  readonly kinds = new Map<string, number>();

  constructor(private readonly engines: readonly ReturnType<typeof remembering>[]) {
    this.runs = new Map(engines.map(({ name }): [string, number] => [name, 0]));
  }

  assert(numRuns: number): void {
    const checker = makeChecker({ engines: this.engines });
    assertLaw(
      fc.property(new CaseArbitrary(), (c) => this.judge(() => checkCase(c, checker))),
      { seed: 20240124, numRuns },
    );
  }

  private judge(check: () => CaseReport): void {
    const { engines, runs, kinds } = this;
    for (const { outcomes } of engines) outcomes.length = 0;
    const report = check();
    for (const { name, outcomes } of engines) runs.set(name, (runs.get(name) ?? 0) + outcomes.length);
    const [first, ...others] = engines.map(({ name, outcomes }) => ({ name, outcomes }));
    for (const { name, outcomes } of others) expect(outcomes, name).toEqual(first!.outcomes);
    expect(report).toMatchObject({ kind: "checked", verdict: { kind: expect.not.stringMatching("^disagree$") } });
    if (report.kind !== "checked") return;
    kinds.set(report.verdict.kind, (kinds.get(report.verdict.kind) ?? 0) + 1);
  }
}

test(`${usable.map(({ name }) => name).join(", ")} agree on random programs`, () => {
  const agreement = new Agreement(usable.map(remembering));
  agreement.assert(RUNS);
  const { runs, kinds } = agreement;
  console.info(`runs by engine: ${[...runs].map(([name, n]) => `${name} ${n}`).join(", ")}`);
  expect(Math.min(...runs.values())).toBeGreaterThan(RUNS);
  expect(new Set(runs.values()).size).toBe(1);
  expect(kinds.get("incomparable") ?? 0).toBeLessThanOrEqual(RUNS / 100);
  expect(kinds.get("agree")).toBeGreaterThanOrEqual((RUNS * 99) / 100);
});

test("an engine that miscounts one run in a hundred is found", () => {
  const counted = remembering(usable[0]!);
  let runs = 0;
  const wrong: Engine = {
    ...usable[0]!,
    run(run) {
      const outcome = usable[0]!.run(run);
      const isWrong = ++runs % 100 === 0;
      return isWrong && outcome.kind === "returned" ? { ...outcome, executed: outcome.executed + 1 } : outcome;
    },
  };
  expect(() => new Agreement([counted, remembering(wrong)]).assert(RUNS / 10)).toThrow("Property failed");
});

const reference = makeChecker({ engines: [referenceEngine] });

/** The report without bytes that are not the program's doing: earlier frames leave LR there, which engines sign as they like. */
function withoutLeftovers(report: CaseReport): CaseReport {
  if (report.kind === "invalid") return report;
  return { ...report, runs: report.runs.map((run) => ({ ...run, got: run.got && written(run.got, run.expected) })) };
}

function written(got: Outcome, expected: Outcome): Outcome {
  if (got.kind !== "returned" || expected.kind !== "returned") return got;
  const regions = got.regions.map((region, r) => {
    const mask = expected.regions[r]?.written;
    return mask === undefined ? region : { ...region, bytes: region.bytes.map((byte, at) => (mask[at] ? byte : 0)) };
  });
  return { ...got, regions };
}

const others = usable.filter((engine) => engine !== referenceEngine);

describe.each(others.map((engine) => [engine.name, engine] as const))("%s", (_name, engine) => {
  test("reports on each random case what the reference reports", () => {
    // Reports name the engine: both go by one name here.
    const checker = makeChecker({ engines: [{ ...engine, name: referenceEngine.name }] });
    const property = fc.property(new CaseArbitrary(), (c) => {
      expect(withoutLeftovers(checkCase(c, checker))).toEqual(withoutLeftovers(checkCase(c, reference)));
    });
    assertLaw(property, { seed: 1, numRuns: REPORTS });
  });
});
