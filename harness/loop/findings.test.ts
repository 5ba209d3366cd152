// What a campaign keeps of failures, on a kind of numbers.

import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { KINDS } from "../../properties/cases/index.js";
import { AGREE, type Verdict } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { toyKind, WRONG } from "../../testing/toy-kind.js";
import { readEntry } from "../corpus/entry.js";
import { damageOf } from "../corpus/store.js";
import { version } from "../project.js";
import { runCampaign } from "./campaign.js";
import { makeCaseCheckers } from "./case-checker.js";
import { caseAt, UNSTEERED } from "./chunk.js";
import { createCampaign } from "./directory.js";
import { caseFileOf, describeFinding, keepFinding, lostSuspect } from "./findings.js";
import { inlinePool } from "./pool.js";
import { type KeptFinding, readCampaign } from "./read.js";
import { WHOLE } from "./shard.js";
import { FORMAT } from "./state.js";

const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-findings-")), "campaign");
/** One lane, whose chunks are 0 to 31, 32 to 63, ... */
const begin = (directory: string) =>
  createCampaign(directory, {
    ...{ format: FORMAT, version: version(), seed: 0, shard: WHOLE, lanes: 1, chunk: 32, feedback: true },
    ...{ engine: "reference", kinds: ["programs"] },
  });

async function campaign(directory: string, judge: (number: number) => Verdict): Promise<readonly KeptFinding[]> {
  const opened = begin(directory);
  if (!opened.ok) throw new Error(opened.error.got);
  // In the place of programs, so that a round has it.
  const checkers = makeCaseCheckers({ kinds: [toyKind(judge, { name: "programs" })], engines: [] });
  const limits = { cases: 128, ms: 1e9, stop: new AbortController().signal, shrink: { runs: 100, ms: 1e9 } };
  await runCampaign(opened.value, inlinePool({ subject: defaultSubject, checkers }), checkers, limits);
  opened.value.close();
  const read = readCampaign(directory);
  if (!read.ok) throw new Error(read.error.got);
  return read.value.findings;
}

test("a failure that does not repeat is kept as it was found, with what led to it, and is no corpus entry", async () => {
  const directory = scratch();
  let asked = 0;
  const findings = await campaign(directory, (number) => (number === 50 && asked++ === 0 ? WRONG : AGREE));
  expect(asked).toBe(2);
  expect(findings.map(({ facts, shrunk, original }) => [facts.name, shrunk.split("\n").at(-2), original])).toEqual([
    ["toy-oracle-even-not-repeated", "toy 50 12", "toy 50 12\n"],
  ]);
  expect(findings[0]?.facts).toMatchObject({ index: 50, seed: 0, notRepeated: { got: "agreement", chunk: 32 } });
  expect(existsSync(path.join(directory, "corpus", "toy-oracle-even-not-repeated.toy"))).toBe(false);
});

test("it does not keep a later case of the same cause from being looked at", async () => {
  let asked = 0;
  const findings = await campaign(scratch(), (number) =>
    number === 100 || (number === 50 && asked++ === 0) ? WRONG : AGREE,
  );
  expect(findings.map(({ facts: { name, size } }) => [name, size.shrunk])).toEqual([
    ["toy-oracle-even", 2],
    ["toy-oracle-even-not-repeated", 12],
  ]);
});

test("a campaign that has no place for findings is refused before anything is tried", () => {
  const directory = scratch();
  const first = begin(directory);
  if (first.ok) first.value.close();
  const other = scratch();
  writeFileSync(other, "a file, and no directory");
  expect(begin(other)).toMatchObject({ ok: false, error: { subject: other, expected: "a place to write" } });
  expect(readFileSync(other, "utf8")).toBe("a file, and no directory");
});

test.each(KINDS)("a case of $name that ended its worker reads back as it was kept", (kind) => {
  const checker = makeCaseCheckers({ kinds: KINDS, engines: [] })[kind.name]!;
  const directory = scratch();
  const opened = begin(directory);
  if (opened.ok) opened.value.close();
  for (const index of [0, 1, 2]) {
    const original = kind.print(caseAt(checker, 11, index, UNSTEERED).case);
    const suspect = lostSuspect(index, { kind: "hang", nth: index, why: "no answer" });
    const run = { command: "fuzz", engine: "reference", subject: "impl", seed: 11, shard: "1/1" } as const;
    const found = { checker, suspect, chunk: 0, original, shrunk: undefined };
    const described = describeFinding(run, found, `${kind.name}-${index}`, "case");
    keepFinding(directory, described, original);
    const entry = readEntry(caseFileOf(directory, described.facts));
    expect(entry.ok ? damageOf(entry.value) : entry.error).toBeUndefined();
  }
});
