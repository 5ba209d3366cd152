import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { readRecords } from "./records.js";

async function read(name: string, content: string | Uint8Array): Promise<string[]> {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "rox-records-")), name);
  writeFileSync(file, content);
  const said: string[] = [];
  for await (const record of readRecords(file)) {
    const [what, detail] = record.ok
      ? [record.value.name, JSON.stringify(record.value.json)]
      : [record.error.subject, `! ${record.error.got}`];
    said.push(`${path.basename(what)} ${detail}`);
  }
  return said;
}

test("lines of a packed file come one by one; a broken one is named and hides nothing", async () => {
  expect(await read("r.jsonl.gz", gzipSync('{"a":1}\nnonsense\n\n{"a":2}'))).toEqual([
    'r.jsonl.gz:1 {"a":1}',
    'r.jsonl.gz:2 ! "nonsense"',
    'r.jsonl.gz:4 {"a":2}',
  ]);
});

test("a byte order mark and carriage returns are no part of a line's JSON", async () => {
  expect(await read("r.jsonl", '\ufeff{"a":1}\r\n{"a":"\u00e4"}\r\n')).toEqual([
    'r.jsonl:1 {"a":1}',
    'r.jsonl:2 {"a":"\u00e4"}',
  ]);
});

test("a line may be many chunks long", async () => {
  const long = JSON.stringify({ a: "x".repeat(300_000) });
  expect(await read("r.jsonl", `{}\n${long}\n{}\n${long}`)).toEqual(
    ["{}", long, "{}", long].map((line, i) => `r.jsonl:${i + 1} ${line}`),
  );
});

test("a file cut short gives its whole lines and then says so", async () => {
  const lines = Array.from({ length: 2000 }, (_, i) => JSON.stringify({ i, x: Math.imul(i, 2654435761) })).join("\n");
  const said = await read("r.jsonl.gz", gzipSync(lines).subarray(0, -200));
  expect(said.length).toBeGreaterThan(1);
  expect(said.at(-1)).toMatch(/^r\.jsonl\.gz ! unexpected end of file after line \d+$/);
});

test("a file that is not packed is refused as one", async () => {
  expect(await read("r.jsonl.gz", "plain")).toEqual(["r.jsonl.gz ! incorrect header check after line 0"]);
});

test("a JSON file holds its programs under vectors", async () => {
  expect(await read("v.json", '{"vectors":[{"a":1},{"a":2}]}')).toEqual(['v.json#1 {"a":1}', 'v.json#2 {"a":2}']);
  expect(await read("v.json", "[1]")).toEqual(["v.json ! JSON without one"]);
  expect(await read("v.json", "{")).toEqual(["v.json ! no JSON"]);
});
