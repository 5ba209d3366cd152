import { appendFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { CampaignLog, logLine, type OpenedLog } from "./log.js";

const FIRST = { n: 0 };
function open(directory: string): OpenedLog {
  const opened = CampaignLog.open(directory, FIRST);
  if (!opened.ok) throw new Error(opened.error.got);
  return opened.value;
}
function filled(): string {
  const directory = mkdtempSync(path.join(tmpdir(), "rox-log-"));
  const { log } = open(directory);
  for (const n of [1, 2, 3]) log.append({ n, text: "ä\n" });
  log.close();
  return directory;
}
const file = (directory: string): string => path.join(directory, readdirSync(directory)[0]!);

test("says again what it was told", () => {
  expect(open(filled()).records).toEqual([FIRST, ...[1, 2, 3].map((n) => ({ n, text: "ä\n" }))]);
});

test("cut off anywhere, it has lost at most the last record", () => {
  const whole = readFileSync(file(filled()));
  const second = Buffer.byteLength(`${logLine(FIRST)}\n`);
  for (let length = second; length <= whole.length; length++) {
    const directory = mkdtempSync(path.join(tmpdir(), "rox-log-"));
    writeFileSync(path.join(directory, "log-000001.jsonl"), whole.subarray(0, length));
    const { log, records, dropped } = open(directory);
    const ends = whole.subarray(0, length).filter((byte) => byte === 0x0a).length;
    expect(records).toHaveLength(ends);
    expect(dropped).toBe(length - (whole.lastIndexOf(0x0a, length - 1) + 1));
    log.append({ n: 4 });
    log.close();
    expect(open(directory).records.at(-1)).toEqual({ n: 4 });
  }
});

test("damage is named", () => {
  const directory = filled();
  const text = readFileSync(file(directory), "utf8");
  writeFileSync(file(directory), text.replace('"n":2', '"n":7'));
  const opened = CampaignLog.open(directory, FIRST);
  expect(opened).toMatchObject({ ok: false, error: { subject: file(directory), got: "a damaged line 3" } });
});

test("the next file takes over everything, and an older one left behind is removed", () => {
  const directory = filled();
  const old = readFileSync(file(directory));
  const { log } = open(directory);
  log.rotate({ n: "all" });
  log.append({ n: 5 });
  log.close();
  writeFileSync(path.join(directory, "log-000001.jsonl"), old);
  appendFileSync(path.join(directory, ".log-000003.jsonl.1.tmp"), "half");
  expect(open(directory).records).toEqual([{ n: "all" }, { n: 5 }]);
  expect(readdirSync(directory).filter((name) => name.startsWith("log"))).toEqual(["log-000002.jsonl"]);
});
