// Random histories with every oracle on: the implementation, with the known defects mended, breaks none of them.

import fc from "fast-check";
import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { type Action, DEFAULT_OPTIONS, type History, NOTHING_ELSE } from "./history.js";
import { HistoryArbitrary } from "./history-arbitrary.js";
import { playHistory } from "./play.js";
import { parseHistory } from "./text.js";

const history = (actions: string, options: Partial<History["options"]> = {}): History => {
  const parsed = parseHistory(actions.replaceAll(" / ", "\n"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { options: { ...DEFAULT_OPTIONS, packBytes: 8192, ...options }, actions: parsed.value.actions };
};

test("no oracle objects to any history", () => {
  fc.assert(
    fc.property(new HistoryArbitrary(), (h) => {
      expect(playHistory(h, { engine: referenceEngine }).violations).toEqual([]);
    }),
    { seed: 20240124, numRuns: 200 },
  );
});

test("what happens in a history is counted", () => {
  const h = history(
    "load #0 (r0 = 1 .., 10 insns) / load #1 (r0 = 2 .., 12 insns, 2 subprograms, 1 probe); cpu 1 runs #0 throughout / " +
      "run #1 on cpu 1 / load #2 (r0 = 3 .., 4 insns); kvmalloc 1 fails / free #7 / free #0; cpu 1 runs #1 after event 2",
  );
  const report = playHistory(h);
  expect(report).toMatchObject({ violations: [], steps: 6, failures: 1, loads: 3, refused: 1 });
  expect(report.interleavings).toBeGreaterThan(50);
});

test("a limit refuses what is too much, and only that", () => {
  const loads = Array.from({ length: 6 }, (_, i) => `load #${i} (r0 = 1 .., 2 insns)`).join(" / ");
  expect(playHistory(history(loads, { limit: 512 }))).toMatchObject({ violations: [], loads: 6, refused: 2 });
});

test("a program larger than a pack, and one in pages of its own, run while they are poked", () => {
  for (const images of ["packs", "pages"] as const) {
    const actions: Action[] = [
      { kind: "load", id: 0, program: { first: 5, insns: 2500, subprograms: 0, probes: 1 }, ...NOTHING_ELSE },
      { kind: "poke", id: 0, fails: [], others: [{ cpu: 1, id: 0, at: undefined }] },
      { kind: "run", id: 0, cpu: 1 },
      { kind: "poke", id: 0, fails: [{ step: "copy", nth: 1 }], others: [] },
    ];
    expect(playHistory(history("cpu 1", { images }))).toMatchObject({ steps: 0 });
    const report = playHistory({ options: { ...DEFAULT_OPTIONS, packBytes: 8192, images }, actions });
    expect(report).toMatchObject({ violations: [], steps: 5, failures: 1 });
  }
});
