import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const DIRECTORY = makeFiles({
  "42.bpf": "# title: returns 42\nr0 = 42\nexit\n",
  "call.bpf": "# title: calls\ncall pc+1\nexit\nr0 = 0x1122334455667788 ll\nexit\n",
  "astray.bpf": "# title: astray\nr0 = 1\ngoto +5\nexit\n",
});
const jit = (name: string, ...options: string[]) => capture(["jit", path.join(DIRECTORY, name), ...options]);

const LISTING = `program 0, main: 16 words
<prologue>      ffff800083000008  910003c9  add x9, x30, #0
                ffff80008300000c  d503201f  nop
                ffff800083000010  d503233f  paciasp
                ffff800083000014  a9bf7bfd  stp x29, x30, [sp, #-0x10]!
                ffff800083000018  910003fd  mov x29, sp
                ffff80008300001c  a9bf6bff  stp xzr, x26, [sp, #-0x10]!
                ffff800083000020  910003fa  mov x26, sp
   0: r0 = 42   ffff800083000024  d2800547  mov x7, #0x2a
   1: exit
<epilogue>      ffff800083000028  a8c16bff  ldp xzr, x26, [sp], #0x10
                ffff80008300002c  a8c17bfd  ldp x29, x30, [sp], #0x10
                ffff800083000030  910000e0  add x0, x7, #0
                ffff800083000034  d50323bf  autiasp
                ffff800083000038  d65f03c0  ret
<plt>           ffff80008300003c  d503201f  nop
                ffff800083000040  5800004a  ldr x10, #0xffff800083000048
                ffff800083000044  d61f0140  br x10
<literal>       ffff800083000048  80040e10  .word 0x80040e10
                ffff80008300004c  ffff8000  .word 0xffff8000
`;

describe("rox jit", () => {
  test("each instruction with its words, the rest by name", async () => {
    expect(await jit("42.bpf")).toEqual({ code: 0, out: LISTING, err: "" });
  });

  test("the subject by name is the one that is there without a name", async () => {
    expect(await jit("42.bpf", "--subject", "impl")).toEqual({ code: 0, out: LISTING, err: "" });
  });

  test("every function of a program, the words of lddw together", async () => {
    const { out } = await capture(["jit", path.join(DIRECTORY, "call.bpf")], { columns: 120 });
    expect(out).toMatch(/^program 0, main: \d+ words\n[\s\S]*\nprogram 0, function 1: \d+ words\n/);
    expect(out).toMatch(/ {3}0: call pc\+1[\s\S]* bl #0xffff8000830000/);
    expect(out).toMatch(
      / {3}2: r0 = 0x1122334455667788 ll +[\s\S]*mov x7[\s\S]*movk x7[\s\S]*movk x7[\s\S]*movk x7[\s\S]*\n {3}4: exit\n/,
    );
  });

  test("the base moves the code; --out has the image with its literal", async () => {
    const out = path.join(makeFiles({}), "image.bin");
    const listed = await jit("42.bpf", "--base", "0xffff800090000040", "--out", out);
    expect(listed.out).toContain("<prologue>      ffff800090000040  910003c9");
    const image = readFileSync(out);
    expect(image.length).toBe(16 * 4 + 8);
    expect(image.readUInt32LE(7 * 4)).toBe(0xd2800547);
    expect(image.readBigUInt64LE(16 * 4)).toBe(0xffff_8000_8004_0e10n);
  });

  test("no line is longer than the terminal is wide", async () => {
    for (const columns of [60, 80, 120]) {
      const { out } = await capture(["jit", path.join(DIRECTORY, "call.bpf")], { columns });
      for (const line of out.split("\n")) expect(line.length, line).toBeLessThanOrEqual(columns);
    }
  });

  test.each([
    ["42.bpf", ["--base", "0x13"], "multiple of 8"],
    ["42.bpf", ["--base", "zero"], "hexadecimal"],
    ["42.bpf", ["--out", "/no/such/directory/x"], "ENOENT"],
    [
      "42.bpf",
      ["--subject", "other"],
      '--subject: expected one of impl, linux:IMAGE, FILE.json or plugin:PATH, got "other"',
    ],
    ["astray.bpf", [], "jumpOutOfRange"],
  ])("%s with %s is refused with one line", async (name, options, says) => {
    const { code, err } = await jit(name, ...options);
    expect(code).toBe(2);
    expect(err).toMatch(/^rox[^\n]*\n$/);
    expect(err).toContain(says);
  });
});
