import path from "node:path";
import { describe, expect, test } from "vitest";
import type { CaseReport } from "../properties/cases/program/report.js";
import { AGREE } from "../properties/verdict.js";
import type { Outcome } from "../spec/bpf/outcome.js";
import type { Case } from "../subjects/case.js";
import { capture } from "../testing/capture.js";
import { makeFiles } from "../testing/files.js";
import { conform } from "./conform.js";
import { formatConform } from "./format/conform.js";
import { exitCode } from "./report.js";

const returned = (r0: bigint): Outcome => ({ kind: "returned", r0, code: 0, regions: [] });
const immOf = (c: Case): bigint => BigInt(c.program.code[0]?.[0]?.imm ?? 0);
/** Both witnesses return the imm of the first instruction; the JIT is off by one for 13. */
const check = (c: Case): CaseReport => {
  const r0 = immOf(c);
  const [expected, got] = [returned(r0), returned(r0 === 13n ? 14n : r0)];
  const runs = [{ input: 0, engine: "reference", expected, got, verdict: AGREE }];
  return { kind: "checked", verdict: AGREE, runs, slots: 2, words: 20, executed: 20 };
};
const run = (directory: string, ...names: string[]) => {
  const paths = names.length === 0 ? [directory] : names.map((name) => path.join(directory, name));
  return conform(paths, check, new AbortController().signal);
};

const returns = (imm: number, r0: number): string => `-- asm\nmov %r0, ${imm}\nexit\n-- result\n${r0}\n`;

const SUITE = {
  "tests/a.data": returns(1, 1),
  "tests/b.data": "-- asm\nmov32 %r0, 2\ndiv32 %r0, 1\nexit\n-- result\n2\n",
  "tests/helper.data": "-- asm\ncall 5\nexit\n-- result\n1\n",
  "negative/label.data": "-- asm\nja NOWHERE\nexit\n-- result\n1\n",
  "negative/raw.data": "-- raw\n95 01 00 00 00 00 00 00\n-- error\n",
  "negative/wrong.data": returns(3, 4),
};

describe("conform", () => {
  test("counts each witness, the groups of the rows in use, refusals and restricted files", async () => {
    const directory = makeFiles(SUITE);
    const report = await run(directory);
    expect(report).toMatchObject({
      ok: true,
      total: 5,
      passed: 5,
      failed: 0,
      interpreter: { passed: 2, failed: 0 },
      jit: { passed: 2, failed: 0 },
      groups: {
        base32: { files: 2, interpreter: 2, jit: 2 },
        base64: { files: 1, interpreter: 1, jit: 1 },
        divmul32: { files: 1, interpreter: 1, jit: 1 },
        atomic64: { files: 0, interpreter: 0, jit: 0 },
      },
      restricted: [{ name: path.join(directory, "tests/helper.data") }],
    });
    expect(report.refused.map(({ name }) => path.basename(name))).toEqual(["label.data", "raw.data", "wrong.data"]);
    expect(exitCode(report)).toBe(0);
  });

  test("negative files on their own are bad input, one line each", async () => {
    const report = await run(makeFiles(SUITE), "negative");
    expect(report).toMatchObject({ ok: false, total: 0 });
    expect(report.refused).toHaveLength(3);
    for (const { name, line } of report.refused) {
      expect(line).toContain(name);
      expect(line).not.toContain("\n");
    }
    expect(exitCode(report)).toBe(2);
  });

  test("a negative file that runs as it says is a failure", async () => {
    const report = await run(makeFiles({ "negative/fine.data": returns(1, 1), "a.data": returns(1, 1) }));
    expect(report).toMatchObject({ failed: 1, passed: 1 });
    expect(report.failures[0]).toMatchObject({ where: "negative file", expected: "a refusal" });
    expect(exitCode(report)).toBe(1);
  });

  test("an error section asks for a refusal wherever the file lies", async () => {
    const report = await run(
      makeFiles({ "a.data": returns(1, 1), "e.data": "-- asm\nmov %r0, 1\nexit\n-- error\nbad\n" }),
    );
    expect(report).toMatchObject({ failed: 1, failures: [{ where: "negative file" }] });
  });

  test("a wrong result is counted for the witness that gave it", async () => {
    const report = await run(makeFiles({ "a.data": returns(13, 13) }));
    expect(report).toMatchObject({ interpreter: { passed: 1, failed: 0 }, jit: { passed: 0, failed: 1 }, failed: 1 });
    expect(report.failures).toMatchObject([
      { where: "JIT", expected: "0x000000000000000d", got: "0x000000000000000e" },
    ]);
    expect(exitCode(report)).toBe(1);
    expect(formatConform(report, 80).at(-1)).toMatch(/^FAILED .*0 of 1 test as expected$/);
  });

  test("a file that cannot be read does not hide the others, and the run fails", async () => {
    const report = await run(makeFiles({ "a.data": returns(1, 1), "b.data": "-- what\n" }));
    expect(report).toMatchObject({ ok: false, passed: 1, unreadable: [{ got: expect.stringContaining("line 1") }] });
    expect(exitCode(report)).toBe(2);
  });

  test("nothing to run is not success", async () => {
    const report = await run(makeFiles({ "notes.txt": "" }));
    expect(exitCode(report)).toBe(2);
  });
});

test("r2 is the length of the memory, as the suite's runner passes it", async () => {
  const directory = makeFiles({
    "length.data": "-- asm\nmov %r0, %r2\nadd %r0, 1\nexit\n-- mem\n11 22 33\n-- result\n4\n",
    "none.data": "-- asm\nmov %r0, %r2\nexit\n-- result\n0\n",
    "own.data": "-- asm\nmov %r2, 9\nmov %r0, %r2\nexit\n-- mem\n11\n-- result\n9\n",
  });
  const { code, out } = await capture(["conform", directory]);
  expect(out).toContain("interpreter         3 of 3\nJIT                 3 of 3\n");
  expect(code).toBe(0);
});
