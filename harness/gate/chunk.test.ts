import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { possibleStrategies } from "../../properties/coverage/possible.js";
import { rowById } from "../../spec/bpf/isa.js";
import { runChunk } from "./chunk.js";
import { makeTrials } from "./parts.js";

const trials = makeTrials([referenceEngine]);

test("generated programs are lowered in no way that is not known to be possible", () => {
  const { cells, cellPrograms } = runChunk({ seed: 1, first: 0, count: 150, cellsEvery: 1 }, trials);
  expect(cellPrograms).toBe(150);
  const unexpected = Object.entries(cells).flatMap(([id, counts]) => {
    const possible: readonly string[] = possibleStrategies(rowById(id));
    return Object.keys(counts)
      .filter((strategy) => !possible.includes(strategy))
      .map((strategy) => `${id}: ${strategy}`);
  });
  expect(unexpected).toEqual([]);
});

test("which programs are looked at depends on their index, not on how they are cut into chunks", () => {
  const looked = (first: number, count: number, cellsEvery?: number): number =>
    runChunk({ seed: 1, first, count, cellsEvery }, trials).cellPrograms;
  expect([looked(0, 8, 4), looked(1, 4, 4), looked(5, 3, 4), looked(0, 8)]).toEqual([2, 1, 0, 0]);
});
