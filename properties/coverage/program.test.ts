import fc from "fast-check";
import { expect, test } from "vitest";
import { bpf } from "../../spec/bpf/text/bpf.js";
import type { Case } from "../../subjects/case.js";
import { CaseArbitrary } from "../cases/program/arbitrary.js";
import { checkCase, makeChecker } from "../cases/program/check.js";
import type { Watch } from "../cases/program/report.js";
import type { MatrixCounts } from "./matrix.js";
import { readPoint } from "./point.js";
import { ProgramPoints } from "./program.js";
import { countLowerings, readLowering } from "./testing.js";

function pointsOf(text: string, env: Case["env"] = { cpu: "lse", hole: 0 }): string[] {
  const recorder = new ProgramPoints();
  const c: Case = { program: { code: [bpf(text)], maps: [], context: "memory" }, inputs: [new Uint8Array(64)], env };
  const report = checkCase(c, makeChecker(), recorder);
  return [...recorder.reached(c, report)];
}

test("an instruction is told with its operands, its words and whether it ran", () => {
  expect(pointsOf("r0 = 1; r0 += 4096; if r0 == 0 goto +1; exit; r0 -= r0; exit")).toEqual(
    expect.arrayContaining([
      "mov imm|1|movz|ran",
      "add imm|+u12<<12|add|ran",
      "jeq imm|0/1|subs b.eq|fell",
      "sub reg|same|sub|idle",
    ]),
  );
});

test("an image is told with its place", () => {
  const places = (skip: number) =>
    pointsOf("r0 = 1; exit", { cpu: "lse", hole: 8, skip }).filter((point) =>
      readPoint(point).strategy.startsWith("chunk"),
    );
  expect(places(0)).not.toEqual(places(3));
  expect(pointsOf("r0 = 1; exit", { cpu: "ll-sc", hole: 16 })).toContain("image|ll-sc|hole 16|returned");
});

test("the lowerings are those that the coverage matrix counts", () => {
  const recorder = new ProgramPoints();
  const checker = makeChecker();
  let counted: MatrixCounts = {};
  const watch: Watch = {
    count: recorder.count,
    loaded(images) {
      recorder.loaded(images);
      counted = {};
      for (const image of images) countLowerings(counted, image);
    },
  };
  for (const c of fc.sample(new CaseArbitrary(), { seed: 7, numRuns: 150 })) {
    recorder.clear();
    const points = recorder.reached(c, checkCase(c, checker, watch));
    const lowerings = [...points].flatMap((point) => readLowering(point) ?? []);
    const wanted = Object.entries(counted).flatMap(([row, by]) =>
      Object.keys(by).map((strategy) => ({ row, strategy })),
    );
    expect(new Set(lowerings.map((l) => `${l.row}: ${l.strategy}`))).toEqual(
      new Set(wanted.map((l) => `${l.row}: ${l.strategy}`)),
    );
  }
});
