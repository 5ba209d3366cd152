import { readFileSync, truncateSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../harness/limits.js";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const SUM = `# title: the sum of two bytes
# input: 01 02
# input: ff 01
r0 = *(u8 *)(r1 + 0)
r2 = *(u8 *)(r1 + 1)
r0 += r2
*(u8 *)(r1 + 1) = r0
exit
`;
const MOV_EXIT = Uint8Array.of(0xb7, 0, 0, 0, 42, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0);
const DIRECTORY = makeFiles({
  "sum.bpf": SUM,
  "wrong.bpf": SUM.replace("# input: 01 02", "# expect: r0 = 0x4\n# input: 01 02"),
  "atomic.bpf":
    "# title: atomic add\n# cpu: lse\nr1 = 5\n*(u64 *)(r10 - 8) = r1\nlock *(u64 *)(r10 - 8) += r1\nr0 = 0\nexit\n",
  "42.bin": MOV_EXIT,
  "add.data": "-- asm\nmov32 %r0, 1\nadd32 %r0, 2\nexit\n-- result\n3\n",
  "three.bin": Uint8Array.of(3),
  input: Uint8Array.of(40, 2),
  "truncated.bin": MOV_EXIT.slice(0, 13),
  "opcode.bin": new Uint8Array(8).fill(0xff),
  "empty.bin": new Uint8Array(0),
  "garbage.bpf": Uint8Array.of(0xff, 0xfe, 0x00, 0x1b, 0x5b),
  "typo.bpf": "# title: typo\nr0 = r1 + + 2\nexit\n",
  "endless.bpf": "# title: no exit\nr0 = 1\n",
  "uninitialised.bpf": "# title: reads r5\nr0 = r5\nexit\n",
  "loop.bpf":
    "# title: a loop of 150002 instructions\n# expect: r0 = 0\nr0 = 50000\nagain:\nr1 = r0\nr0 += -1\nif r0 != 0 goto again\nexit\n",
  "helper.bpf": "# title: calls what is not there\ncall 9999\nexit\n",
  "typo.data": "-- asm\nadd3 %r0, 1\nexit\n-- result\n3\n",
  "huge.bin": "",
});
truncateSync(path.join(DIRECTORY, "huge.bin"), LIMITS.file.start + 8);
const file = (name: string): string => path.join(DIRECTORY, name);
const run = (name: string, ...options: string[]) => capture(["run", file(name), ...options], { columns: 100 });

describe("rox run", () => {
  test("both witnesses' results and changed memory, for every input", async () => {
    expect(await run("sum.bpf")).toEqual({
      code: 0,
      out: `5 BPF slots, 18 A64 words
input 0: 2 bytes 0102
  interpreter  returned 0x0000000000000003
    context[1] = 03
  JIT          returned 0x0000000000000003
    context[1] = 03
  verdict: agree
input 1: 2 bytes ff01
  interpreter  returned 0x0000000000000100
    context[1] = 00
  JIT          returned 0x0000000000000100
    context[1] = 00
  verdict: agree
verdict: agree on all 2 inputs
`,
      err: "",
    });
  });

  test("raw instructions and conformance files", async () => {
    expect(await run("42.bin")).toMatchObject({ code: 0, out: expect.stringContaining("returned 0x000000000000002a") });
    expect(await run("add.data")).toMatchObject({
      code: 0,
      out: expect.stringContaining("returned 0x0000000000000003"),
    });
  });

  test("an input of hexadecimal digits or from a file takes the place of the case's", async () => {
    for (const input of ["2802", "28 02", "0x2802", `@${file("input")}`]) {
      const { code, out } = await run("sum.bpf", "--input", input);
      expect(code).toBe(0);
      expect(out).toContain("input 0: 2 bytes 2802\n  interpreter  returned 0x000000000000002a\n");
      expect(out).not.toContain("input 1");
    }
  });

  test("a result other than the file asks for is a counterexample", async () => {
    const { code, out } = await run("wrong.bpf");
    expect(code).toBe(1);
    expect(out).toContain("verdict: DISAGREE at r0 against the file\n    expected  0x0000000000000004\n");
  });

  test("the trace shows instructions, words and registers", async () => {
    const { out } = await run("42.bin", "--trace");
    expect(out).toMatch(/^trace of input 0\n<prologue> +ffff8000/);
    expect(out).toMatch(/\n {3}0: r0 = 42 +ffff8000.* {2}d2800547 {2}mov x7, #0x2a\n {8}r0 = 0x2a\n/);
    expect(out).not.toContain("!!");
  });

  test("the CPU chooses the atomics", async () => {
    expect((await run("atomic.bpf", "--trace")).out).toContain("stadd");
    const loops = await run("atomic.bpf", "--trace", "--cpu", "ll-sc");
    expect(loops.code).toBe(0);
    expect(loops.out).toMatch(/ldxr[\s\S]*stxr[\s\S]*cbnz/);
    expect(loops.out).not.toContain("stadd");
  });

  test("a program that does what has no meaning is no counterexample", async () => {
    const { code, out } = await run("uninitialised.bpf");
    expect(code).toBe(2);
    expect(out).toBe(`2 BPF slots, 16 A64 words
input 0: 64 bytes ${"00".repeat(40)}..
  interpreter  undefined program: returns r0, which is undefined, at instruction 1
  JIT          not run: there is no answer to compare with
  verdict: incomparable, undefined program: returns r0, which is undefined, at instruction 1
`);
  });

  test("an interpreter out of fuel is no answer, and more can be given", async () => {
    const short = await run("loop.bpf", "--fuel", "1000");
    expect(short).toMatchObject({ code: 2, err: "" });
    expect(short.out).toContain("verdict: incomparable, the interpreter ran out of fuel after 1000 instructions");
    const { code, out } = await run("loop.bpf");
    expect(code).toBe(0);
    expect(out).toContain("verdict: agree\n");
  });

  test("inputs are counted apart from engines, which are named", async () => {
    const one = await run("loop.bpf", "--engine", "all");
    expect(one.out).toMatch(/\nverdict: agree on 1 input, on \d engines: wasm, reference/);
    const two = await run("sum.bpf", "--engine", "all");
    expect(two.out).toMatch(/\nverdict: agree on all 2 inputs, each on \d engines: wasm, reference/);
    expect(two.out).toContain("input 1 on reference: 2 bytes ff01\n");
  });

  test("the JSON report counts runs", async () => {
    const json = path.join(makeFiles({}), "run.json");
    expect((await run("wrong.bpf", "--json", json)).code).toBe(1);
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({
      ...{ ok: false, total: 2, passed: 0, failed: 2, incomparable: 0, seed: null },
      failures: [{ where: "r0 against the file", expected: "0x0000000000000004" }, {}],
    });
  });

  test.each<[name: string, got: string, options?: readonly string[]]>([
    ["missing.bpf", "no such file"],
    ["", "a folder", ["--input", "00"]],
    ["huge.bin", `${LIMITS.file.start + 8} bytes`],
    ["empty.bin", "an empty file"],
    ["truncated.bin", "13 bytes long, expected a multiple of 8"],
    ["opcode.bin", "slot 0: opcode 0xff is not an instruction"],
    ["garbage.bpf", "5 bytes that are not text"],
    ["typo.bpf", "line 2"],
    ["typo.data", "line 2"],
    ["endless.bpf", "fallsOffEnd"],
    ["helper.bpf", "9999"],
    ["sum.bpf", '"other"', ["--subject", "other"]],
    ["sum.bpf", "3 digits", ["--input", "123"]],
    ["sum.bpf", '"zz"', ["--input", "zz"]],
    ["sum.bpf", "no such file", ["--input", "@/no/such/file"]],
    ["sum.bpf", "ENOENT", ["--json", "/no/such/directory/x.json"]],
  ])("%s is refused with one line that says %s", async (name, got, options = []) => {
    const { code, err } = await run(name, ...options);
    expect(code).toBe(2);
    expect(err).toMatch(/^rox: [^\n]*: expected [^\n]*, got [^\n]*; [^\n]*\n$/);
    expect(err).toContain(got);
  });
});
