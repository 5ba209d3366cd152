// Random histories with every oracle on: the implementation, with the known defects mended, breaks none of them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { referenceEngine } from "../../../engines/reference/engine.js";
import { DEFAULT_OPTIONS, type History } from "../../../subjects/action.js";
import { assertLaw } from "../../../testing/law.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { checkHistory } from "./check.js";
import { parseHistory } from "./text.js";

const history = (actions: string, options: Partial<History["options"]> = {}): History => {
  const parsed = parseHistory(actions.replaceAll(" / ", "\n"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { options: { ...DEFAULT_OPTIONS, packBytes: 8192, ...options }, actions: parsed.value.actions };
};

test("no oracle objects to any history", () => {
  assertLaw(
    fc.property(new HistoryArbitrary(), (h) => {
      expect(checkHistory(h, { engine: referenceEngine }).violations).toEqual([]);
    }),
    { seed: 20240124, numRuns: 200 },
  );
});

test("what happens in a history is counted", () => {
  const h = history(
    "load #0 (r0 = 1 .., 10 insns) / load #1 (r0 = 2 .., 12 insns, 2 subprograms, 1 probe); cpu 1 runs #0 throughout / " +
      "run #1 on cpu 1 / load #2 (r0 = 3 .., 4 insns); kvmalloc 1 fails / free #7 / free #0; cpu 1 runs #1 after event 2",
  );
  const report = checkHistory(h);
  expect(report).toMatchObject({ violations: [], steps: 6, failures: 1, loads: 3, refused: 1 });
  expect(report.interleavings).toBeGreaterThan(50);
});

test("told to go on, everybody who objects later is heard as well", () => {
  const h = history("load #0 (r0 = 1 .., 10 insns); copy 1 fails / load #1 (r0 = 2 .., 4 insns)", {
    except: ["finalizeFailureCharge"],
  });
  const stepsOf = (goOn: boolean): readonly number[] => [
    ...new Set(checkHistory(h, { goOn }).violations.map(({ step }) => step)),
  ];
  expect(stepsOf(false)).toEqual([0]);
  expect(stepsOf(true)).toEqual([0, 1, 2]);
});

test("a limit refuses what is too much, and only that", () => {
  const loads = Array.from({ length: 6 }, (_, i) => `load #${i} (r0 = 1 .., 2 insns)`).join(" / ");
  expect(checkHistory(history(loads, { limit: 512 }))).toMatchObject({ violations: [], loads: 6, refused: 2 });
});

const TRACED =
  "load #0 (r0 = 5 .., 2500 insns, 1 probe) / load #1 (r0 = 7 .., 12 insns, 2 subprograms) / " +
  "attach #0 (fentry #1, fentry recorder, fmod_ret recorder, fexit recorder); cpu 1 runs #0 throughout / run #0 on cpu 1 / " +
  "attach #0 (fmod_ret #1, fexit recorder kept out); cpu 1 runs #0 throughout / run #0 on cpu 0 / " +
  "detach #0; cpu 1 runs #0 throughout / run #0 on cpu 1 / attach #0 (fexit recorder) / free #0";

test.each(["packs", "pages"] as const)("a program in %s runs while something is attached and detached", (images) => {
  for (const packsBeyondBranchRange of [false, true]) {
    const report = checkHistory(history(TRACED, { images, packsBeyondBranchRange }));
    expect(report).toMatchObject({ violations: [], steps: 11 });
    expect(report.interleavings).toBeGreaterThan(60);
  }
});

test("what names no live program, calls what is traced or traces what is called is left out", () => {
  const loads = "load #0 (r0 = 1 .., 2 insns) / load #1 (r0 = 2 .., 2 insns) / load #2 (r0 = 3 .., 2 insns)";
  const attach = `${loads} / attach #0 (fentry #1)`;
  expect(checkHistory(history(attach))).toMatchObject({ violations: [], steps: 7 });
  for (const meaningless of ["attach #1 (fexit #2)", "attach #0 (fexit #0)", "attach #2 (fexit #0)", "detach #2"]) {
    expect(checkHistory(history(`${attach} / ${meaningless}`))).toMatchObject({ violations: [], steps: 7 });
  }
  expect(checkHistory(history(`${attach} / attach #2 (fexit #0, fexit #1)`))).toMatchObject({ steps: 8 });
});

test("a program that is called is detached before it is freed, and stays if that fails", () => {
  const actions =
    "load #0 (r0 = 1 .., 2 insns) / load #1 (r0 = 2 .., 2 insns) / attach #0 (fmod_ret #1) / run #0 on cpu 1 / " +
    "free #1; copy 1 fails; cpu 1 runs #0 throughout / run #0 on cpu 1 / free #1; cpu 1 runs #0 throughout / run #0 on cpu 1";
  const results: string[] = [];
  const { violations } = checkHistory(history(actions), {
    onStep: (_, { result, executions }) => {
      const { outcome } = executions.at(-1) ?? {};
      results.push(outcome?.kind === "returned" ? `${result.kind} ${outcome.x0}` : result.kind);
    },
  });
  expect(violations).toEqual([]);
  expect(results).toEqual(["loaded", "loaded", "attached", "ran 2", "kept 2", "ran 2", "freed 1", "ran 1", "freed"]);
});
