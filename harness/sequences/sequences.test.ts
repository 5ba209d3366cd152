import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { HistoryArbitrary } from "../../properties/history/history-arbitrary.js";
import { parseHistory } from "../../properties/history/text.js";
import { makeFiles } from "../../testing/files.js";
import { formatHistoryFinding, formatSequences } from "../format/sequences.js";
import { keepHistory } from "./finding.js";
import { inlineSequencePool, type SequencePool } from "./pool.js";
import { type SequenceOptions, sequences } from "./sequences.js";
import { historyAt } from "./task.js";

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-sequences-"));
const options = (given: Partial<SequenceOptions> = {}): SequenceOptions => ({
  ...{ seed: 7, histories: 60, exhaustive: false, corpus: undefined, findings: scratch() },
  stop: new AbortController().signal,
  ...given,
});

test("random histories are played and counted, and the same seed plays the same", async () => {
  const first = await sequences(options(), inlineSequencePool());
  expect(first).toMatchObject({ found: [], unreadable: [], report: { sequences: 60, files: 0, allocFree: 0 } });
  const { steps, interleavings, failures } = first.report;
  expect(steps).toBeGreaterThan(1000);
  expect(await sequences(options(), inlineSequencePool())).toMatchObject({
    report: { steps, interleavings, failures },
  });
  expect(formatSequences(first.report)[0]).toMatch(/^sequences {2}60 in \d+ steps, \d+ interleavings, \d+ injected/);
});

test("the corpus is replayed: what is not as it says fails, what cannot be read is named", async () => {
  const corpus = makeFiles({
    "a.history": "load #0 (r0 = 1 .., 2 insns)\n",
    "b.history": "oracle: no-leak\nexpect: breach\nload #0 (r0 = 1 .., 2 insns)\n",
    "c.history": "what is this\n",
  });
  const { report, found, unreadable } = await sequences(options({ histories: 0, corpus }), inlineSequencePool());
  expect(report).toMatchObject({ files: 3, agreeing: 1, sequences: 0 });
  expect(found.map(({ name, actual }) => [path.basename(name), actual])).toEqual([
    ["b.history", "no-leak does not object"],
  ]);
  expect(unreadable.map(({ came }) => came)[0]).toMatch(/^line 1: /);
});

test("the breach with the lowest index is made plain and kept with the command that replays it", async () => {
  const seed = 7;
  const index = Array.from({ length: 100 }, (_, i) => i).find((i) =>
    historyAt(seed, i).actions.some((action) => action.kind === "attach"),
  )!;
  const pool: SequencePool = {
    ...inlineSequencePool(),
    run: async (task) => ({
      kind: "histories",
      ...{ sequences: 50, steps: 10, interleavings: 0, failures: 0 },
      ...(task.kind === "histories" && task.first <= index && index < task.first + 50
        ? { breach: { index, oracle: "no-leak", what: "2 heap objects" } }
        : {}),
    }),
  };
  const findings = scratch();
  const { found, finding } = await sequences(options({ histories: 200, findings }), pool);
  expect(found[0]?.replay).toBe(`npx rox sequence ${finding!.file}`);
  const parsed = parseHistory(readFileSync(finding!.file, "utf8"));
  expect(parsed).toMatchObject({ ok: true, value: { about: { oracle: "no-leak" } } });
  expect(formatHistoryFinding(finding!).at(-1)).toBe(`written to ${finding!.file}`);
});

test("a history is the same wherever it is made", () => {
  expect(historyAt(3, 5)).toEqual(historyAt(3, 5));
  expect(historyAt(3, 5)).not.toEqual(historyAt(3, 6));
  expect(new HistoryArbitrary().canShrinkWithoutContext(historyAt(3, 5))).toBe(true);
});

test("a finding that cannot be written is refused", () => {
  const file = path.join(makeFiles({ x: "" }), "x");
  expect(keepHistory(7, { index: 0, oracle: "no-leak", what: "" }, file).ok).toBe(false);
});
