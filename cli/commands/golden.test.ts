import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

/** `r0 = 7; exit` as Linux 6.12.117 compiled and ran it on CPU `max`. */
const SMALL = {
  family: "small",
  progType: 1,
  insns: "b7000000070000009500000000000000",
  xlated: "b7000000070000009500000000000000",
  jited:
    "c90300911f2003d53f2303d5fd7bbfa9fd030091ff6bbfa9fa030091e70080d2ff6bc1a8" +
    "fd7bc1a8e0000091bf2303d5c0035fd61f2003d54a00005840011fd6",
  ksyms: ["0xffff800082c25890"],
  funcLens: [64],
  stackDepths: [0],
  callBase: "0xffff800080269da8",
  cpu: "max",
  run: 0,
  retval: 7,
  dataOut: "",
};
const OTHER_WORD = { ...SMALL, jited: SMALL.jited.replace("e70080d2", "070180d2") };
const OTHER_RESULT = { ...SMALL, retval: 8 };
const A57 = { ...SMALL, family: "alu", cpu: "cortex-a57" };
const jsonl = (...records: readonly object[]): string => records.map((record) => JSON.stringify(record)).join("\n");

async function golden(files: Readonly<Record<string, string>>, ...options: string[]) {
  const json = path.join(makeFiles({}), "golden.json");
  const captured = await capture(["golden", makeFiles(files), "--json", json, ...options]);
  return { ...captured, report: JSON.parse(readFileSync(json, "utf8")) as unknown };
}

describe("rox golden", () => {
  test("equal bytes and results, by family", async () => {
    const { code, out, report } = await golden({ "a.jsonl": jsonl(SMALL, A57) });
    expect(code).toBe(0);
    expect(out).toMatch(
      /^family {2}programs {2}images equal {2}results equal\nsmall {10}1 {8}1 of 1 {9}1 of 1\nalu {12}1 {8}1 of 1 {9}1 of 1\n/,
    );
    expect(report).toMatchObject({ ok: true, total: 2, passed: 2, images: 2, bytesEqual: 2, resultsEqual: 2 });
  });

  test("a differing word is shown with its instruction, its place and both disassemblies", async () => {
    const { code, out, report } = await golden({ "a.jsonl": jsonl(SMALL, OTHER_WORD) });
    expect(code).toBe(1);
    expect(out).toMatch(
      /FAILED .*a\.jsonl:2 \(small\): image 0 \+0x1c, slot 0: r0 = 7\n {2}expected {2}d2800107 {2}mov x7, #8\n {2}got {7}d28000e7 {2}mov x7, #7\n/,
    );
    expect(report).toMatchObject({ ok: false, passed: 1, failed: 1, images: 2, bytesEqual: 1 });
  });

  test("a differing result is a counterexample though the bytes are equal", async () => {
    const { code, out, report } = await golden({ "a.jsonl": jsonl(OTHER_RESULT) });
    expect(code).toBe(1);
    expect(out).toContain("the kernel's retval\n  expected  8\n  got       7\n");
    expect(report).toMatchObject({ bytesEqual: 1, results: 1, resultsEqual: 0 });
  });

  test("a result that cannot be compared is told with its reason, and too many of them fail the run", async () => {
    const call = { ...SMALL, insns: "85000000460000009500000000000000" };
    const { code, out, report } = await golden({ "a.jsonl": jsonl(SMALL, call, call) });
    expect(code).toBe(1);
    expect(out).toMatch(/\nresult not compared: 2 programs as [^ ]*a\.jsonl:2: bpf_sock_hash_update is not modelled\n/);
    expect(out).toMatch(/\nFAILED in [^\n]*: 1 of 3 programs equal, 2 results not compared\n/);
    expect(report).toMatchObject({ passed: 1, incomparable: 2, bytesEqual: 3, notCompared: [{ programs: 2 }] });
  });

  test("family, CPU and limit choose; choosing nothing is bad input", async () => {
    const files = { "a.jsonl": jsonl(SMALL, A57, A57) };
    expect((await golden(files, "--family", "alu")).report).toMatchObject({ total: 2, filtered: 1 });
    expect((await golden(files, "--cpu", "lse")).report).toMatchObject({ total: 1, filtered: 2 });
    expect((await golden(files, "--limit", "1")).report).toMatchObject({ total: 1, filtered: 0 });
    const none = await golden(files, "--family", "map");
    expect(none).toMatchObject({ code: 2, out: "", report: { ok: false, total: 0 } });
    expect(none.err).toMatch(
      /^rox: [^\n]*: expected recorded programs, got 3 that --family and --cpu leave out; .*\n$/,
    );
  });

  test("a broken record is named, the others are compared, and the run fails", async () => {
    const files = { "a.jsonl": `{"family":\n${jsonl(SMALL)}\n{"family":"small"}`, "b.json": '{"vectors": [{}]}' };
    const { code, err, report } = await golden(files);
    expect(code).toBe(2);
    expect(err.split("\n")).toHaveLength(4);
    expect(err).toMatch(/a\.jsonl:1: expected one JSON object[^\n]*\n[^\n]*a\.jsonl:3: [^\n]*\n[^\n]*b\.json#1: /);
    expect(report).toMatchObject({ passed: 1, unreadable: [{}, {}, {}] });
    const both = await golden({ "a.jsonl": `${jsonl(OTHER_WORD)}\nnonsense` });
    expect(both.code).toBe(1);
  });

  test("coverage names the rows with a witness and those without", async () => {
    const { out, report } = await golden({ "a.jsonl": jsonl(SMALL, SMALL) }, "--coverage");
    expect(out).toMatch(/coverage: 2 of \d+ instruction rows have a byte-equal witness\n {2}mov imm 2, exit 2\n/);
    expect(out).toMatch(/\nwithout one, since [^\n]*:\n {2}add imm, /);
    expect(report).toMatchObject({ coverage: { reached: 2, witnesses: { "mov imm": 2, exit: 2 } } });
  });

  test("a history of allocations is held against both allocators, load by load", async () => {
    const load = (id: number, image: string): string =>
      `{"op": "load", "id": ${id}, "jitedLen": 80, "image": "${image}"}`;
    const right = `${load(0, "0xffff800082c25888")}\n${load(1, "0xffff800082c25910")}\n{"op": "free", "id": 0}\n`;
    const { code, out } = await golden({ "a.jsonl": jsonl(SMALL), "trace.jsonl": right });
    expect(code).toBe(0);
    expect(out).toMatch(/trace\.jsonl: 2 of 2 loads where the kernel put them by both allocators; 0 new packs/);
    expect(out).toContain(": 3 of 3 records equal");
    const wrong = right.replace("25910", "25990");
    expect(await golden({ "trace.jsonl": wrong })).toMatchObject({ code: 1 });
  });

  test("a line of a history of allocations that is none is named", async () => {
    const { code, err } = await golden({ "trace.jsonl": '{"op": "free", "id": 0}\n{"op": "move", "id": 0}\n' });
    expect(code).toBe(2);
    expect(err).toMatch(/trace\.jsonl:2: expected a load or a free, got an operation "move"/);
  });

  test("a trace of allocations is run on both allocators", async () => {
    const trace = (second: string): string =>
      [
        '{"op": "load", "id": 0, "insns": 2, "jitedLen": 64, "image": "0xffff800082c25888"}',
        `{"op": "load", "id": 1, "insns": 2, "jitedLen": 64, "image": "${second}"}`,
        "",
      ].join("\n");
    const right = await golden({ "trace.jsonl": trace("0xffff800082c25908") });
    expect([right.code, right.out]).toEqual([0, expect.stringContaining("2 of 2 loads where the kernel put them")]);
    const wrong = await golden({ "trace.jsonl": trace("0xffff800082c25988") });
    expect(wrong.code).toBe(1);
  });
});
