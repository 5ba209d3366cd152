import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const SUITE = {
  "tests/lock_add.data":
    "-- asm\nmov %r0, 3\nstxdw [%r10-8], %r0\nlock add [%r10-8], %r0\nldxdw %r0, [%r10-8]\nexit\n-- result\n6\n",
  "tests/mem.data": "-- asm\nldxh %r0, [%r1+1]\nexit\n-- mem\naa bb cc\n-- result\n0xccbb\n",
  "tests/shift.data": "-- asm\nmov32 %r0, 1\nlsh32 %r0, 33\nexit\n-- result\n2\n",
  "negative/label.data": "-- asm\nja NOWHERE\nexit\n-- result\n1\n",
  "negative/high.data": "-- asm\nlddw %r0, 0x8877665544332211\nexit\n-- result\n0x8977665544332211\n",
  "negative/uninitialised.data": "-- asm\nor %r0, %r10\nexit\n-- error\nInvalid\n",
};

describe("rox conform", () => {
  test("a suite with both kinds of files", async () => {
    const json = path.join(makeFiles({}), "conform.json");
    const { code, out, err } = await capture(["conform", makeFiles(SUITE), "--json", json]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^group {5}files {2}interpreter {2}JIT\nbase64 /);
    expect(out).toMatch(/\natomic64 +1 +1 +1\n[\s\S]*\ninterpreter +3 of 3\nJIT +3 of 3\nmust be refused +3 refused\n/);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({
      ...{ ok: true, total: 6, passed: 6, failed: 0 },
      ...{ interpreter: { passed: 3 }, jit: { passed: 3 } },
    });
  });

  test.each(["label", "high", "uninitialised"])("negative/%s.data alone is one line and exit code 2", async (name) => {
    const { code, out, err } = await capture(["conform", path.join(makeFiles(SUITE), "negative", `${name}.data`)]);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^rox: [^\n]*\.data: expected [^\n]*, got [^\n]*; [^\n]*\n$/);
  });

  test("a wrong result elsewhere is a counterexample", async () => {
    const directory = makeFiles({ "a.data": SUITE["negative/high.data"] });
    const { code, out } = await capture(["conform", directory]);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED .*a\.data: interpreter: expected 0x8977665544332211, got 0x8877665544332211\n/);
    expect(out).toMatch(/FAILED .*a\.data: JIT: expected 0x8977665544332211, got 0x8877665544332211\n/);
  });
});
