import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";
import { linuxKernels } from "../../testing/linux-kernels.js";

const DIRECTORY = makeFiles({
  "zero.bpf": "r0 = 0\nexit\n",
  "wrong.bpf": "r0 = \n",
  Image: "not a kernel\n",
});
const file = (name: string): string => path.join(DIRECTORY, name);
const [KERNEL] = linuxKernels();

describe("rox diff", () => {
  test("of a kernel with itself says equal, with exit code 0", async () => {
    const json = file("out.json");
    const { code, out, err } = await capture(["diff", "impl", "impl", file("zero.bpf"), "--json", json]);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^A: impl\nB: impl\nEQUAL in \d+\.\d s: 1 program, 16 words\n$/);
    const report = JSON.parse(readFileSync(json, "utf8"));
    expect(report).toMatchObject({ command: "diff", ok: true, passed: 1, failed: 0, groups: [] });
  });

  test.each([
    [["impl", "linux:/nonexistent/Image"], 'expected a kernel image in "/nonexistent/Image", got no such file'],
    [["impl", `linux:${file("Image")}`], "expected an arm64 kernel"],
    [["impl", "impl", file("wrong.bpf")], "wrong.bpf: expected a case file"],
    [["impl", "other"], "expected one of impl"],
  ])("%j is refused in one line, with exit code 2", async (argv, expected) => {
    const { code, out, err } = await capture(["diff", ...argv]);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toContain(expected);
    expect(err.match(/\n/g)).toHaveLength(1);
  });

  test.runIf(KERNEL !== undefined)("with a kernel image shows each cause with its smallest program", async () => {
    const out = file("causes");
    const argv = ["diff", "impl", `linux:${KERNEL}`, "--programs", "20", "--seed", "1", "--out", out];
    const said = await capture(argv);
    // On a slow machine it says every ten seconds how far it is.
    expect(said.err.replaceAll(/^diff: \d+ of \d+ programs.*\n/gm, "")).toBe("");
    expect(said.out.split("\n").filter((line) => line.length > 80 && !/^[AB]: /.test(line))).toEqual([]);
    if (said.code === 0) return expect(said.out).toMatch(/EQUAL .*: \d+ programs, \d+ words/);
    expect(said.code).toBe(1);
    const [first = ""] = readdirSync(out);
    const again = await capture(["diff", "impl", `linux:${KERNEL}`, path.join(out, first)]);
    expect(again.code).toBe(1);
  });
});
