import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { parseHistory } from "../../properties/cases/history/text.js";
import { makeFiles } from "../../testing/files.js";
import { foundCase } from "../counterexample.js";
import { formatCounterexample } from "../format/counterexample.js";
import { formatSequences } from "../format/gate.js";
import { keepCase } from "./finding.js";
import { inlineSequencePool, type SequencePool } from "./pool.js";
import { type SequenceOptions, sequences } from "./sequences.js";

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-sequences-"));
const options = (given: Partial<SequenceOptions> = {}): SequenceOptions => ({
  ...{ seed: 7, histories: 60, rows: 0, tracings: 0, exhaustive: false, corpus: undefined, findings: scratch() },
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
  expect(formatSequences(first.report)[0]).toMatch(/^histories {2}60 in \d+ steps, \d+ interleavings, \d+ injected/);
});

test("the corpus is replayed: what is not as it says fails, what cannot be read is named", async () => {
  const corpus = makeFiles({
    "a.history": "load #0 (r0 = 1 .., 2 insns)\n",
    "b.history": "oracle: no-leak\nexpect: breach\nload #0 (r0 = 1 .., 2 insns)\n",
    "c.history": "what is this\n",
  });
  const { report, found, unreadable } = await sequences(options({ histories: 0, corpus }), inlineSequencePool());
  expect(report).toMatchObject({ files: 3, agreeing: 1, sequences: 0 });
  expect(found.map(({ name, got }) => [path.basename(name), got])).toEqual([["b.history", "no-leak does not object"]]);
  expect(unreadable.map(({ got }) => got)[0]).toMatch(/^line 1: /);
});

test("the breach with the lowest index is made plain and kept with the command that replays it", async () => {
  const seed = 7;
  const index = Array.from({ length: 100 }, (_, i) => i).find((i) =>
    HISTORIES.fresh(seed, i).actions.some((action) => action.kind === "attach"),
  )!;
  const breach = {
    index,
    oracle: "no-leak",
    reason: "objects",
    where: "step 1",
    expected: "no breach",
    got: "2 areas",
  };
  const pool: SequencePool = {
    ...inlineSequencePool(),
    run: async (task) => ({
      kind: "histories",
      ...{ sequences: 50, steps: 10, interleavings: 0, failures: 0 },
      ...(task.kind === "histories" && task.first <= index && index < task.first + 50 ? { breach } : {}),
    }),
  };
  const { found, findings: kept } = await sequences(options({ histories: 200, findings: scratch() }), pool);
  const [finding] = kept;
  expect(found[0]?.replay).toBe(`npx rox history ${finding!.file}`);
  const parsed = parseHistory(readFileSync(finding!.file, "utf8"));
  expect(parsed).toMatchObject({ ok: true, value: { about: { oracle: "no-leak" } } });
  expect((await formatCounterexample(foundCase(finding!), 80)).slice(-2)).toEqual([
    `written to ${finding!.file}`,
    `npx rox history ${finding!.file}`,
  ]);
});

test("the other kinds are tried and counted, and lessons of all kinds are replayed", async () => {
  const corpus = makeFiles({ "a.rows": "# r2: 0x1000\n\narena *(u8 *)(r2 + 0) = 1\n", "b.tracing": "what is this\n" });
  const { report, found, unreadable } = await sequences(
    options({ histories: 0, rows: 120, tracings: 60, corpus }),
    inlineSequencePool(),
  );
  expect(found).toEqual([]);
  expect(report).toMatchObject({ files: 2, agreeing: 1, kernelRows: { tried: 120 }, tracings: { tried: 60 } });
  expect(unreadable.map(({ subject }) => path.basename(subject))).toEqual(["b.tracing"]);
});

test("a finding that cannot be written is refused", () => {
  const file = path.join(makeFiles({ x: "" }), "x");
  const breach = { index: 0, oracle: "no-leak", reason: "objects", where: "step 0", expected: "", got: "" };
  expect(keepCase("histories", 7, breach, file).ok).toBe(false);
});
