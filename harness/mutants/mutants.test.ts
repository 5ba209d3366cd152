// The mutants themselves: every one still applies and compiles, and a few of each kind are found, with a fixed seed.

import { getEventListeners } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { formatMutants } from "../format/mutants.js";
import { projectRoot } from "../project.js";
import { type Build, buildVariants } from "./build.js";
import { choose, readMutants, type Variant, variantOf } from "./collection.js";
import { runBuilt } from "./mutants.js";
import { type MutantsReport, makeMutantsReport, mutantsExitCode, type RunFacts } from "./report.js";

const { mutants } = readMutants(path.join(projectRoot(), "mutants"));
/** Killed by a result, a crash, an account, a trampoline, a recorded image. */
const FEW = ["B31", "B42", "C20", "E04", "A29a"];
/** Of several files, one of which adds to an interface that another fills in. */
const ACROSS = "C34";
/** Of the compiled interpreter: whatever is wrong with it is its own fault, and never the subject's. */
const INTERPRETER = ["I02", "I12"];
/** To it one oracle alone objects. */
const ALONE = { C30: "allocator-matches-model" };

function planted(mutant: (typeof mutants)[number]): Variant {
  const variant = variantOf(projectRoot(), mutant);
  if (!variant.ok) throw new Error(`${variant.error.subject}: ${variant.error.expected}, got ${variant.error.got}`);
  return variant.value;
}

/** A change of what is there, which nobody plants. */
const madeUp = (id: string, file: string, change: (source: string) => string): Variant => {
  const source = readFileSync(path.join(projectRoot(), file), "utf8");
  const text = change(source);
  if (text === source) throw new Error(`${id} changes nothing in ${file}`);
  return { id, title: id, group: "pack", reenacts: "ours", files: new Map([[file, text]]) };
};
const MISSPELT = madeUp("X3", "spec/compiled/assembly/frames.ts", (source) =>
  source.replace("memory.fill", "memory.flil"),
);
const UNCOMPILED = madeUp("X1", "impl/errno.ts", (source) => `${source}export const EAGAIN: string = 11;\n`);
const CRASHING = madeUp("X2", "impl/errno.ts", (source) => `${source}throw new RangeError("on purpose");\n`);

const variants = [...mutants.map(planted), UNCOMPILED, CRASHING, MISSPELT];
let build: Build;
beforeAll(async () => {
  // Compilers colour what they say where this is set: what is reported of them has none.
  vi.stubEnv("CI", "true");
  const built = await buildVariants(projectRoot(), variants);
  vi.unstubAllEnvs();
  if (!built.ok) throw new Error(`${built.error.subject}: ${built.error.expected}, got ${built.error.got}`);
  build = built.value;
}, 300_000);
afterAll(() => build.remove());

test("all of them apply and compile, one that does not is named; a few are found, the unchanged sources are not", async () => {
  const { signal } = new AbortController();
  const reports: MutantsReport[] = [];
  const few = [...FEW, ...INTERPRETER, ACROSS, CRASHING.id];
  const run = await runBuilt(build, variants, {
    ...{ seed: 1, budgetMs: 20_000, jobs: 2, stop: signal, only: new Set(few) },
    progress: (_result, _done, report) => reports.push(report()),
  });
  const { control, broken, killed, survivors, results, unreadable } = run;
  expect([control, broken, killed, survivors]).toEqual([undefined, [], few.length, []]);
  for (const { id, witness } of results) expect(witness?.size ?? 1, id).toBeLessThanOrEqual(5);
  const ofInterpreter = results.filter(({ id }) => INTERPRETER.includes(id));
  expect(ofInterpreter.map((result) => result.kind === "killed" && result.oracle)).toEqual(
    INTERPRETER.map(() => "interpreters-agree"),
  );
  expect(unreadable).toMatchObject([
    { subject: "mutant X1", got: expect.stringMatching(/^impl\/errno\.ts\(\d+,\d+\): error/) },
    { subject: "mutant X3", got: expect.stringMatching(/^ERROR .*flil/) },
  ]);
  expect(mutantsExitCode(run)).toBe(2);
  expect(results.find(({ id }) => id === CRASHING.id)).toMatchObject({
    ...{ kind: "killed", search: "import", oracle: "process" },
    got: expect.stringContaining("RangeError: on purpose (impl/errno"),
  });
  expect(getEventListeners(signal, "abort")).toEqual([]);
  expect(reports.map(({ interrupted, results: soFar }) => [interrupted, soFar.length])).toEqual(
    few.map((_, i) => [true, i + 1]),
  );
});

test("the one oracle that objects is named, where there is one", async () => {
  const { signal } = new AbortController();
  const only = new Set(Object.keys(ALONE));
  const run = await runBuilt(build, variants, {
    ...{ seed: 1, budgetMs: 20_000, jobs: 2, stop: signal, only, searches: ["oracles"] },
  });
  expect(
    Object.fromEntries(run.results.map((result) => [result.id, result.kind === "killed" && result.oracle])),
  ).toEqual(ALONE);
});

test("ids and groups are chosen, others named", () => {
  expect(choose(mutants, ["A01"])).toMatchObject({ ok: true, value: [{ id: "A01" }] });
  expect(choose(mutants, ["Z99"])).toMatchObject({ ok: false, error: { got: "Z99" } });
});

describe("the report", () => {
  const result = { id: "A01", title: "", group: "a", reenacts: "", cases: 1, seconds: 1 };
  const killed = { search: "programs", oracle: "r0", where: "r0", expected: "0x1", got: "0x2" };
  const facts: RunFacts = {
    ...{ seed: 1, budgetMs: 1, jobs: 1, durationMs: 1, interrupted: false, control: undefined, broken: [] },
    unreadable: [],
    results: [{ ...result, ...killed, kind: "killed" }],
  };
  const survivor = { ...result, id: "A02", kind: "survived" } as const;

  test("all killed", () => {
    const report = makeMutantsReport(facts);
    expect(report).toMatchObject({ ok: true, total: 1, killed: 1, medianSeconds: 1, worstSeconds: 1 });
    expect(mutantsExitCode(report)).toBe(0);
  });

  test("a survivor fails the run, unless it is argued to be equivalent", () => {
    const report = makeMutantsReport({ ...facts, results: [...facts.results, survivor] });
    expect(report).toMatchObject({ ok: false, total: 2, killed: 1, survivors: ["A02"] });
    expect(mutantsExitCode(report)).toBe(1);
    const argued = makeMutantsReport({ ...facts, results: [...facts.results, { ...survivor, equivalent: "why" }] });
    expect(argued).toMatchObject({ ok: true, total: 1, equivalent: ["A02"], survivors: [] });
    const alone = makeMutantsReport({ ...facts, results: [{ ...survivor, equivalent: "why" }] });
    expect([alone.ok, mutantsExitCode(alone), formatMutants(alone, 80).at(-1)]).toEqual([
      ...[true, 0, "OK: nothing to kill, each mutant is argued to be equivalent, seed 1"],
    ]);
  });

  test("what an interrupted run has killed so far is no success", () => {
    const report = makeMutantsReport({ ...facts, interrupted: true });
    expect(report).toMatchObject({ ok: false, killed: 1 });
    expect(mutantsExitCode(report)).toBe(130);
    expect(formatMutants(report, 80).at(-1)).toMatch(/^INTERRUPTED: 1 of 1 mutant killed/);
  });

  test("nothing counts if the unchanged sources fail", () => {
    expect(mutantsExitCode(makeMutantsReport({ ...facts, control: "r0" }))).toBe(2);
  });
});
