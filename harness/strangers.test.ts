// Folders and files that somebody handed over: nothing in them leads out of them, nothing that exists is written over, and
// nothing is read without a bound.

import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, expect, test } from "vitest";
import { smallCampaign } from "../testing/campaign.js";
import { makeFiles } from "../testing/files.js";
import { badInputLine, type Loaded, oneLine } from "./bad-input.js";
import { readEntry } from "./corpus/entry.js";
import { mergeCorpora } from "./corpus/merge.js";
import { addByTitle } from "./corpus/store.js";
import { readRecords } from "./golden/records.js";
import { findFiles } from "./input-file.js";
import { parseJson } from "./json.js";
import { LIMITS, limitOf, raiseLimits } from "./limits.js";
import { resumeCampaign } from "./loop/directory.js";
import { logLine } from "./loop/log.js";
import { readCampaign } from "./loop/read.js";
import { writeWhole } from "./output-file.js";

const lineOf = (read: Loaded<unknown>): string => (read.ok ? "read" : badInputLine(read.error));

afterEach(() => {
  for (const [name, { start }] of Object.entries(LIMITS)) raiseLimits(`${name}=${start}`);
});

const original = path.join(makeFiles({}), "c");
await smallCampaign(original);

/** A copy of its own for each test. */
function campaign(): { readonly folder: string; readonly finding: string } {
  const folder = path.join(makeFiles({}), "c");
  cpSync(original, folder, { recursive: true });
  const [name = ""] = readdirSync(path.join(folder, "findings"));
  return { folder, finding: path.join(folder, "findings", name) };
}

const change = (file: string, by: (json: Record<string, unknown>) => object): void =>
  writeFileSync(file, JSON.stringify(by(JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>)));

test.each(["../../../etc/passwd", "/etc/passwd", "..", ".", "", "a/b", "a\\b", ".hidden", "a\u0000b", "x".repeat(300)])(
  "a finding whose file is %j is refused",
  (file) => {
    const { folder, finding } = campaign();
    change(path.join(finding, "finding.json"), (facts) => ({ ...facts, file }));
    expect(lineOf(readCampaign(folder))).toMatch(/finding\.json: expected a finding, got in file: a name of letters/);
  },
);

test.each(["findings", "corpus", "report", "log-000009.jsonl", "samples.jsonl", "lock2"])(
  "a link in a campaign is refused before anything is read or written: %s",
  (name) => {
    const { folder } = campaign();
    const outside = makeFiles({ "keep.txt": "mine" });
    const place = path.join(folder, name);
    if (existsSync(place)) {
      symlinkSync(outside, path.join(folder, `${name}-2`));
    } else symlinkSync(name.includes(".") ? path.join(outside, "keep.txt") : outside, place);
    for (const read of [readCampaign(folder), resumeCampaign(folder)])
      expect(lineOf(read)).toMatch(/got a link; remove it/);
    expect(readFileSync(path.join(outside, "keep.txt"), "utf8")).toBe("mine");
  },
);

test.each([
  [
    "finding.json is no JSON",
    (finding: string) => writeFileSync(path.join(finding, "finding.json"), "{"),
    "expected JSON",
  ],
  [
    "a finding has no file",
    (finding: string) => change(path.join(finding, "finding.json"), ({ file: _, ...facts }) => facts),
    "expected a finding",
  ],
  [
    "a finding has no case",
    (finding: string) => change(path.join(finding, "finding.json"), (facts) => ({ ...facts, file: "other.bpf" })),
    "no such file",
  ],
  [
    "samples.jsonl is a folder",
    (finding: string) => {
      const file = path.join(finding, "../../samples.jsonl");
      writeFileSync(`${file}.old`, readFileSync(file));
      writeWhole(file, "");
    },
    undefined,
  ],
] as const)("damage is said in one line: %s", (_, damage, expected) => {
  const { folder, finding } = campaign();
  damage(finding);
  const line = lineOf(readCampaign(folder));
  if (expected === undefined) expect(line).toBe("read");
  else expect(line).toContain(expected);
});

test.each([
  ["an unknown lane", { kind: "chunk", lane: 99 }],
  ["no numbers", { kind: "time", elapsedMs: "soon" }],
  ["a finding outside", { kind: "finding", name: "../x", index: 1, suspected: "y" }],
  ["no kind", {}],
])("a record with a right checksum and a wrong shape is named: %s", (_, record) => {
  const { folder } = campaign();
  const log = path.join(folder, readdirSync(folder).find((name) => name.startsWith("log-"))!);
  writeFileSync(log, `${readFileSync(log, "utf8")}${logLine(record)}\n`);
  for (const read of [readCampaign(folder), resumeCampaign(folder)]) {
    expect(lineOf(read)).toMatch(/record \d+ of the log: expected a record of this campaign/);
  }
});

test("corpora: a link is refused, an unreadable file of the same name stays, and what is written reads back", () => {
  const right = "# title: one is one\n# oracle: exec  match\n# expect: r0 = 1\n\nr0 = 1\nexit\n";
  const into = makeFiles({ "one-is-one.bpf": "no program at all" });
  const from = makeFiles({ "one-is-one.bpf": right });
  symlinkSync("/etc/passwd", path.join(from, "outside.bpf"));
  expect(findFiles([from], [".bpf"]).refused.map(badInputLine)).toEqual([expect.stringMatching(/got a link/)]);
  const merged = mergeCorpora(into, [from]);
  expect(merged).toMatchObject({
    ok: true,
    value: { added: [expect.stringMatching(/one-is-one-[0-9a-f]{12}\.bpf$/)] },
  });
  expect(readFileSync(path.join(into, "one-is-one.bpf"), "utf8")).toBe("no program at all");
  const again = mergeCorpora(into, [from]);
  expect(again).toMatchObject({ ok: true, value: { added: [], known: 1 } });
  const entry = readEntry(path.join(from, "one-is-one.bpf"));
  if (!entry.ok) throw new Error(entry.error.got);
  const added = addByTitle(makeFiles({}), entry.value, undefined);
  expect(added.ok && lineOf(readEntry(added.value.file))).toBe("read");
  expect(added.ok && readFileSync(added.value.file, "utf8")).toContain("# oracle: exec match\n");
});

test("a file that is written takes the place of a link and is not led away by it", () => {
  const outside = makeFiles({ "target.txt": "mine" });
  const inside = makeFiles({});
  symlinkSync(path.join(outside, "target.txt"), path.join(inside, "out.json"));
  mkdirSync(path.join(inside, "sub"));
  writeWhole(path.join(inside, "out.json"), "ours");
  expect(readFileSync(path.join(outside, "target.txt"), "utf8")).toBe("mine");
  expect(readFileSync(path.join(inside, "out.json"), "utf8")).toBe("ours");
});

async function linesOf(file: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const record of readRecords(file)) lines.push(lineOf(record));
  return lines;
}

test("what is unpacked is bounded by line, bytes, records and nesting, and each limit can be raised", async () => {
  const folder = makeFiles({
    "deep.jsonl.gz": gzipSync("[".repeat(100_000)),
    "blank.jsonl.gz": gzipSync("\n".repeat(3_000_000)),
    "many.jsonl": "{}\n".repeat(50),
  });
  const at = (name: string): string => path.join(folder, name);
  expect(await linesOf(at("deep.jsonl.gz"))).toEqual([
    expect.stringMatching(/deep.jsonl.gz:1: expected at most 64 levels/),
  ]);
  expect(await linesOf(at("blank.jsonl.gz"))).toEqual([]);
  raiseLimits("line=1K,unpacked=1M,records=10");
  expect(await linesOf(at("deep.jsonl.gz"))).toEqual([expect.stringMatching(/raise it with --limits line=N/)]);
  expect(await linesOf(at("blank.jsonl.gz"))).toEqual([expect.stringMatching(/unpacked=N/)]);
  expect((await linesOf(at("many.jsonl"))).at(-1)).toMatch(/many.jsonl:11: expected at most 10 records/);
  expect([limitOf("line"), raiseLimits("nothing=1").ok, raiseLimits("line=x").ok]).toEqual([1024, false, false]);
});

test("JSON is not parsed deeper than the limit, and brackets in strings do not count", () => {
  const nested = (n: number): string => "[".repeat(n) + "]".repeat(n);
  expect([parseJson("f", nested(64)).ok, parseJson("f", nested(65)).ok]).toEqual([true, false]);
  expect(parseJson("f", JSON.stringify("[{".repeat(1000))).ok).toBe(true);
});

test("an error line quotes little, and shows what cannot be seen", () => {
  const line = badInputLine({
    subject: "a\u001b[2J",
    expected: "b",
    got: `"${"x".repeat(5000)}"`,
    next: "c \u202e d\ne",
  });
  expect(line).toMatch(/^a\\x1b\[2J: expected b, got "x{78}\.\."; c \\u202e d e$/);
  expect(oneLine("\ud800 \u2028 \u00ad")).toBe("\\ud800 \\u2028 \\xad");
});
