import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_OPTIONS, type History, isCaseProgram } from "../../../subjects/action.js";
import { candidates, isLighter } from "../shrink.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { checkHistory } from "./check.js";
import { minimizeHistory, SHRINKER } from "./shrink.js";
import { printActions } from "./text.js";

const breaks = (oracle: string) => (history: History) => checkHistory(history).violations[0]?.oracle === oracle;

/** The first history of a seed that breaks the oracle, made plain. */
function plainest(given: Partial<History["options"]>, oracle: string): readonly string[] {
  const sample = fc.sample(new HistoryArbitrary(given), { seed: 7, numRuns: 300 });
  const found = sample.find(breaks(oracle))!;
  expect(found.actions.length).toBeGreaterThan(2);
  const plain = minimizeHistory(found, breaks(oracle), 5000);
  expect({ ...plain.options, except: [] }).toEqual(DEFAULT_OPTIONS);
  return printActions(plain.actions, plain.options);
}

test("a charge that is never given back shrinks to one load", () => {
  expect(plainest({ except: ["finalizeFailureCharge"] }, "fallback-is-clean")).toEqual([
    "load #0 (r0 = 1 .., 2 insns, 128 B); copy 1 fails",
  ]);
});

test("a leak of a program with subprograms shrinks to one load", () => {
  expect(plainest({ images: "packs", except: ["freeLeaksOffsets"] }, "fallback-is-clean")).toEqual([
    "load #0 (r0 = 1 .., 5 insns, 1 subprogram, 256 B); copy 1 fails",
  ]);
});

test("a generated program is given up for a plain one, and where it matters it is shrunk", () => {
  const sample = fc.sample(new HistoryArbitrary(), { seed: 5, numRuns: 100 });
  const isLong = (history: History): boolean =>
    history.actions.some(
      (a) => a.kind === "load" && isCaseProgram(a.program) && a.program.case.program.code.length > 0,
    );
  const found = sample.find(isLong)!;
  const loads = (history: History): boolean => history.actions.some(({ kind }) => kind === "load");
  expect(printActions(minimizeHistory(found, loads, 5000).actions, DEFAULT_OPTIONS)).toEqual([
    "load #0 (r0 = 1 .., 2 insns, 128 B)",
  ]);
  expect(printActions(minimizeHistory(found, isLong, 5000).actions, DEFAULT_OPTIONS)).toEqual([
    "load #0 (the program below, 128 B)\n  # input: zero 8\n\n  r0 = 0\n  exit",
  ]);
});

test("every candidate is simpler than what it was made of", () => {
  for (const history of fc.sample(new HistoryArbitrary(), { seed: 3, numRuns: 20 })) {
    const weight = SHRINKER.weigh(history);
    for (const candidate of candidates(SHRINKER, history)) {
      const other = SHRINKER.weigh(candidate);
      if (!isLighter(other, weight) || other.length !== weight.length) expect(other).toBe(weight);
    }
  }
});

test("histories are lively: every kind of action, failure and size comes up", () => {
  const histories = fc.sample(new HistoryArbitrary(), { seed: 1, numRuns: 200 });
  const actions = histories.flatMap((h) => h.actions);
  expect(new Set(actions.map(({ kind }) => kind))).toEqual(new Set(["load", "free", "run", "attach", "detach", "cpu"]));
  const fails = actions.flatMap((a) => ("fails" in a ? a.fails.map(({ step }) => step) : []));
  expect(new Set(fails)).toEqual(new Set(["vmalloc", "kvmalloc", "setPermission", "copy"]));
  const loads = histories.flatMap(({ options, actions: all }) =>
    all.flatMap((a) =>
      a.kind === "load" && !isCaseProgram(a.program) ? [(4 * a.program.insns) / options.packBytes] : [],
    ),
  );
  expect(loads.some((share) => share > 1)).toBe(true);
  expect(loads.filter((share) => share < 0.1).length).toBeGreaterThan(loads.length / 2);
  expect(Math.max(...histories.map((h) => h.actions.length))).toBeGreaterThan(150);
  expect(actions.some((a) => "others" in a && a.others.some(({ at }) => at === undefined))).toBe(true);
});
