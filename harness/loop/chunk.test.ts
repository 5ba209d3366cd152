import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { possibleStrategies } from "../../properties/coverage/matrix.js";
import { readLowering } from "../../properties/coverage/testing.js";
import { rowById } from "../../spec/bpf/isa.js";
import { makeCaseCheckers } from "./case-checker.js";
import { runChunk, UNSTEERED } from "./chunk.js";

const checkers = makeCaseCheckers({ engines: [referenceEngine] });
const run = (of: string, first: number, count: number, pointsEvery = 0) => {
  const indexes = Array.from({ length: count }, (_, i) => first + i);
  const heartbeat = new Int32Array(2);
  return runChunk({ kind: "chunk", of, seed: 1, indexes, steering: UNSTEERED, pointsEvery, heartbeat }, checkers);
};

test("generated programs are lowered in no way that is not known to be possible", () => {
  const { looked, points } = run(PROGRAMS.name, 0, 150, 1);
  expect(looked).toBe(150);
  const lowerings = points.flatMap(([point]) => readLowering(point) ?? []);
  expect(lowerings.length).toBeGreaterThan(100);
  const unexpected = lowerings.filter(({ row, strategy }) => {
    const possible: readonly string[] = possibleStrategies(rowById(row));
    return !possible.includes(strategy);
  });
  expect(unexpected).toEqual([]);
});

test("which cases are looked at depends on their index, not on how they are cut into chunks", () => {
  const looked = (first: number, count: number, pointsEvery?: number): number =>
    run(PROGRAMS.name, first, count, pointsEvery).looked;
  expect([looked(0, 8, 4), looked(1, 4, 4), looked(5, 3, 4), looked(0, 8)]).toEqual([2, 1, 0, 0]);
});

test("histories are run and counted, and the same seed runs the same", () => {
  const { sums, suspects } = run(HISTORIES.name, 0, 60);
  expect(suspects).toEqual([]);
  expect(sums).toMatchObject({ cases: 60, passed: 60 });
  expect(sums.steps).toBeGreaterThan(1000);
  expect(Math.min(sums.interleavings, sums.failures)).toBeGreaterThan(0);
  expect(run(HISTORIES.name, 0, 60).sums).toEqual(sums);
});

test.each([VERIFIER_ONLY.name, TRAMPOLINES.name])("%s agree, and few of them cannot be compared", (name) => {
  const { sums, suspects } = run(name, 0, 60);
  expect(suspects).toEqual([]);
  expect(sums.cases).toBe(60);
  expect(sums.passed).toBeGreaterThan(50);
});
