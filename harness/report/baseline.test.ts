import fc from "fast-check";
import { expect, test } from "vitest";
import { makeFiles } from "../../testing/files.js";
import { assertLaw } from "../../testing/law.js";
import { SAMPLE } from "../../testing/report.js";
import { compareRuns, type RunSummary, readSummary } from "./baseline.js";
import { renderPage, writePage } from "./page.js";
import { sourceLink } from "./source-link.js";

const NOW = SAMPLE.summary;
const BEFORE: RunSummary = {
  ...NOW,
  commit: "0123456789ab",
  findings: [{ cause: "no-leak free", title: "no-leak objects: free" }],
  points: ["add imm, immediate", "exit, nothing"],
  speed: { ...NOW.speed, perSecond: 500 },
};
const textOf = (html: string): string => html.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");

test("two runs differ in findings, coverage and speed", () => {
  expect(compareRuns(BEFORE, NOW)).toMatchObject({
    appeared: NOW.findings,
    vanished: BEFORE.findings,
    points: { gained: ["exit, loop"], lost: ["exit, nothing"] },
    speed: 0.5,
    unlike: ["commit 0123456789ab"],
  });
});

test("nothing is new or gone in a run that is compared with itself", () => {
  const names = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 8 });
  assertLaw(
    fc.property(names, names, (points, causes) => {
      const run = { ...NOW, points, findings: causes.map((cause) => ({ cause, title: cause })) };
      const { appeared, vanished, points: both, unlike } = compareRuns(run, run);
      expect([appeared, vanished, both?.gained, both?.lost, unlike]).toEqual([[], [], [], [], []]);
    }),
    { seed: 18, numRuns: 100 },
  );
});

test("coverage and speed of another command, or of what was not run, are not compared", () => {
  const { points, speed } = compareRuns({ ...BEFORE, command: "rox fuzz" }, NOW);
  expect([points, speed]).toEqual([undefined, undefined]);
  const notRun = compareRuns({ ...BEFORE, points: [], speed: { ...BEFORE.speed, perSecond: 0 } }, NOW);
  expect([notRun.points, notRun.speed]).toEqual([undefined, undefined]);
  const page = textOf(renderPage({ ...SAMPLE, baseline: { ...BEFORE, command: "rox fuzz" } }));
  expect(page).toContain("Coverage lost not comparable");
});

test("the page says what changed, or that nothing was compared", () => {
  expect(textOf(renderPage(SAMPLE))).toContain("Not compared: --baseline DIR names an earlier report or campaign.");
  const page = textOf(renderPage({ ...SAMPLE, baseline: BEFORE }));
  expect(page).toContain("New findings 1 Not found this time 1 Coverage gained 1 point Coverage lost 1 point");
  expect(page).toContain("no-leak objects: free");
  expect(page).toContain("0.50 times");
});

test("what a page was made of is read again from beside it, and nothing else is", () => {
  const files = makeFiles({ "bad/run.json": '{"format":1,"command":7}', "none/x": "" });
  expect(writePage(`${files}/page`, SAMPLE)).toMatchObject({ ok: true });
  expect(readSummary(`${files}/page`)).toEqual({ ok: true, value: NOW });
  expect(readSummary(`${files}/bad`)).toMatchObject({ ok: false, error: { subject: `${files}/bad/run.json` } });
  expect(readSummary(`${files}/none`)).toMatchObject({ ok: false, error: { got: "no such file" } });
});

test("a file is linked from where the page lies, a corpus entry to the commit that CI looks at", () => {
  expect(sourceLink("out/findings/a b.bpf", "out/report", {})).toBe("./../findings/a%20b.bpf");
  const env = { GITHUB_SERVER_URL: "https://host", GITHUB_REPOSITORY: "o/r", GITHUB_SHA: "abc" };
  expect(sourceLink("corpus/one.bpf", "report", env)).toBe("https://host/o/r/blob/abc/corpus/one.bpf");
  expect(sourceLink("found/one.bpf", "report", env)).toBe("./../found/one.bpf");
});
