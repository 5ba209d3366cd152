// The mutants themselves: every one still applies and compiles, and a few of each kind are found, with a fixed seed.

import path from "node:path";
import { describe, expect, test } from "vitest";
import { projectRoot } from "../project.js";
import { choose, readMutants, type Variant, variantOf } from "./collection.js";
import { runMutants } from "./mutants.js";
import { makeMutantsReport, mutantsExitCode, type RunFacts } from "./report.js";

const { mutants } = readMutants(path.join(projectRoot(), "mutants"));
/** One for each search, and for each way of dying. */
const FEW = ["A21", "B31", "B42", "C20", "A07", "E04", "F13b", "A29a"];
/** To each of these one oracle alone objects. */
const ALONE = { C30: "allocator-matches-model", F20: "no-leak" };

function planted(mutant: (typeof mutants)[number]): Variant {
  const variant = variantOf(projectRoot(), mutant);
  if (!variant.ok) throw new Error(`${variant.error.subject}: ${variant.error.expected}, got ${variant.error.got}`);
  return variant.value;
}

test("all of them apply and compile; a few are found, and the unchanged sources are not", async () => {
  const { signal } = new AbortController();
  const variants = mutants.map(planted);
  const run = await runMutants(variants, { seed: 1, budgetMs: 20_000, jobs: 2, stop: signal, only: new Set(FEW) });
  if (!run.ok) throw new Error(`${run.error.subject}: ${run.error.expected}, got ${run.error.got}`);
  const { control, broken, killed, survivors, results } = run.value;
  expect([control, broken, killed, survivors]).toEqual([undefined, [], FEW.length, []]);
  for (const { id, witness } of results) expect(witness?.size ?? 1, id).toBeLessThanOrEqual(5);
});

test("the one oracle that objects is named, where there is one", async () => {
  const variants = mutants.filter(({ id }) => id in ALONE).map(planted);
  const { signal } = new AbortController();
  const run = await runMutants(variants, { seed: 1, budgetMs: 20_000, jobs: 2, stop: signal, searches: ["oracles"] });
  if (!run.ok) throw new Error(run.error.got);
  expect(
    Object.fromEntries(run.value.results.map((result) => [result.id, result.kind === "killed" && result.oracle])),
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
  });

  test("nothing counts if the unchanged sources fail", () => {
    expect(mutantsExitCode(makeMutantsReport({ ...facts, control: "r0" }))).toBe(2);
  });
});
