import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";
import { linuxKernels } from "../../testing/linux-kernels.js";

const TEXT = `title:   a demo
pack:    8192 B

load #0 (r0 = 1 .., 10 insns)
load #1 (r0 = 2 .., 40 insns)
load #2 (r0 = 3 .., 2 insns); copy 1 fails
free #0
load #3 (r0 = 4 .., 2500 insns)
run #1 on cpu 1
`;
const file = (text: string): string => path.join(makeFiles({ "h.history": text }), "h.history");

const [KERNEL] = linuxKernels().filter((one) => one.includes("6.12.117"));

describe("rox history", () => {
  test.runIf(KERNEL !== undefined)(
    "a known defect of a kernel image is named, and is no counterexample",
    async () => {
      const failing = file("load #0 (r0 = 1 .., 2 insns); copy 1 fails\n");
      const { code, out } = await capture(["history", failing, "--subject", `linux:${KERNEL}`]);
      expect(out).toMatch(/BREACH fallback-is-clean: .*\(the known defect copyFaultIgnored\)\n/);
      expect(out).toContain("\nINCOMPARABLE: it ends at copyFaultIgnored, a known defect of the subject\n");
      expect(out).toMatch(/\nknown defects of Linux in the image, .*:\n(?: .*\n)* {2}- copyFaultIgnored: /);
      expect(code).toBe(2);
    },
    120_000,
  );

  test("runs a history and says that no oracle objects", async () => {
    const { code, out, err } = await capture(["history", file(TEXT)]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out.trimEnd().split("\n")).toEqual([
      "a demo",
      "load #0 (r0 = 1 .., 10 insns, 128 B)",
      "load #1 (r0 = 2 .., 40 insns, 256 B)",
      "load #2 (r0 = 3 .., 2 insns, 128 B); copy 1 fails",
      "free #0 (128 B)",
      "load #3 (r0 = 4 .., 2500 insns, 10112 B)",
      "run #1 on cpu 1",
      "free #1, at the end",
      "free #3, at the end",
      "OK: no oracle objects",
    ]);
  });

  test("shows the machine's events", async () => {
    const { out } = await capture(["history", file(TEXT), "--trace"]);
    expect(out).toContain("  cpu 0  lock       packMutex\n");
    expect(out).toMatch(/ {2}cpu 0 {2}store {6}0xffff800083010000 \+128 through the alias 0xfffffffffdbf0000, #0\n/);
    expect(out).toContain("  cpu 0  FAILS      a copy\n");
    expect(out).toContain("cpu 1  runs #1: returns 40\n");
  });

  test("a breach ends with what was expected, exit code 1", async () => {
    const json = path.join(makeFiles({}), "s.json");
    const { code, out } = await capture(["history", file(`profile: linux-6.12\n${TEXT}`), "--json", json]);
    expect(code).toBe(1);
    expect(out).toContain("  BREACH flush-covers-writes: 2 flushes after a poke, expected 1\n");
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^FAILED: expected no breach, got flush-covers-writes: /);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({ ok: false, failed: 1 });
  });

  test("the old name still works, and says the new one", async () => {
    const { code, out, err } = await capture(["sequence", file(TEXT)]);
    expect({ code, err }).toEqual({ code: 0, err: "rox: `rox sequence` is now called `rox history`\n" });
    expect(out).toBe((await capture(["history", file(TEXT)])).out);
    expect((await capture(["sequence", file(`profile: linux-6.12\n${TEXT}`)])).code).toBe(1);
    expect((await capture(["--help"])).out).not.toContain("sequence");
  });

  test("a subject that is not there is refused", async () => {
    for (const command of ["history", "pack"]) {
      const { code, err } = await capture([command, file(TEXT), "--subject", "other"]);
      expect({ code, err }).toEqual({
        code: 2,
        err: expect.stringMatching(
          /^rox: --subject: expected one of .*impl.*, got "other"; see docs\/subjects.md and docs\/linux.md\n$/,
        ),
      });
    }
  });

  test("what is no history is refused in one line", async () => {
    const { code, err } = await capture(["history", file("cpu 1\njump")]);
    expect(code).toBe(2);
    expect(err).toMatch(/^rox: .*h\.history: expected a history, got line 2: [^\n]*\n$/);
  });
});

const TRACED = `title:   traced
pack:    8192 B

load #0 (r0 = 1 .., 10 insns)
load #1 (r0 = 2 .., 10 insns)
attach #0 (fentry #1, fexit recorder); cpu 1 runs #0 after event 28
run #0 on cpu 1
detach #0
attach #0 (fentry recorder)
`;

describe("a trampoline", () => {
  test("is told of by its events and by what attached programs do", async () => {
    const { code, out } = await capture(["history", file(TRACED), "--trace"]);
    expect(code).toBe(0);
    expect(out).toContain("\nattach #0 (fentry #1, fexit recorder, 368 B); cpu 1 runs #0 after event 28\n");
    expect(out).toMatch(/store .*, trampoline of #0\n/);
    expect(out).toMatch(/store .* \+4 through the alias \S+, entry of #0\n/);
    expect(out).toMatch(/store .* \+4 through the alias \S+, release of the trampoline of #0\n/);
    expect(out).toMatch(
      /cpu 1 {2}runs #0: returns 9\n +keep .*\n +enter 1. fentry #1 with cookie 0\n +exit 1. fentry #1/,
    );
    expect(out).toContain("run 2. fexit recorder of 1 argument 0x0000000000000000, result 0x0000000000000009\n");
  });

  test("is drawn as its own kind of chunks", async () => {
    const { out } = await capture(["pack", file(TRACED)]);
    expect(out).toContain("2 programs, 1 trampoline, 7 chunks taken");
    expect(out).toContain("####ttt.");
    expect(out).toMatch(/#0 \+0x0 \(128 B\) {2}#1 \+0x80 \(128 B\) {2}t#0 \+0x100 \(192 B\)/);
  });
});

describe("rox pack", () => {
  test.each([80, 120])("draws chunks within %d columns", async (columns) => {
    const { code, out } = await capture(["pack", file(TEXT)], { columns });
    expect(code).toBe(0);
    const lines = out.trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(columns);
    const row = columns === 80 ? 32 : 96;
    expect(lines.slice(0, 2)).toEqual([
      "pack 0 at 0xffff800083010000: 1 program, 4 chunks taken, 124 free",
      `0xffff800083010000  ${"..####".padEnd(columns === 80 ? 32 : row, ".")}`.slice(0, lines[1]!.length),
    ]);
    expect(lines).toContain("  #1 +0x80 (256 B)");
    expect(lines).toContain("#3  10112 bytes in pages of their own at 0xffff800083013000");
  });
});
