// `rox plugin` as the public runner drives it: a process for each program, the program as one line of hexadecimal bytes on
// standard input, its memory as an argument if there is any, r0 on standard output.

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { parseCase } from "../properties/cases/program/text.js";
import { encode } from "../spec/bpf/insn.js";
import { interpret } from "../spec/bpf/interpret.js";
import { LINUX_DIALECT } from "../subjects/dialect.js";
import { layoutOf } from "../subjects/run/layout.js";
import { type Build, buildProject } from "../testing/build.js";
import { writeElf } from "../testing/elf.js";
import { runPlugin } from "./plugin.js";

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
function codeOf(...lines: string[]): Uint8Array {
  const parsed = parseCase(["# input: zero 8", "", ...lines, ""].join("\n"));
  if (!parsed.ok) throw new RangeError(parsed.error.message);
  return encode(parsed.value.program.code[0]!);
}
const MODES = ["--interpret", "--jit"] as const;

describe.each(MODES)("%s", (mode) => {
  const r0 = async (lines: readonly string[], memory = "") => {
    const answer = await runPlugin([...(memory === "" ? [] : [memory]), mode], hex(codeOf(...lines)));
    return answer.ok ? answer.r0 : answer.why;
  };

  test("r1 is the memory, r2 its length", async () => {
    expect(await r0(["r0 = *(u16 *)(r1 + 2)", "r0 += r2", "exit"], "01 02 03 04")).toBe(0x0403n + 4n);
    expect(await r0(["r0 = r2", "exit"])).toBe(0n);
  });

  test("helper 5 gives its argument back, and ends the program where that is zero", async () => {
    expect(await r0(["r1 = 3", "call 5", "r0 += 1", "exit"])).toBe(4n);
    expect(await r0(["r1 = 0", "call 5", "r0 += 1", "exit"])).toBe(0n);
  });

  test("out of all its functions", async () => {
    const nested = (value: number, ...behind: string[]) => [
      ...["r6 = 0", "loop:", "r6 += 1", "call f", "r0 += 10", "if r6 < 3 goto loop", ...behind, "exit"],
      ...["f:", "call g", "r0 += 100", "exit"],
      ...["g:", "r0 = 0", `r1 = ${value}`, "if r1 == 7 goto out", "call 5", "r0 += 1000", "out:", "exit"],
    ];
    expect(await r0(nested(0))).toBe(0n);
    expect(await r0(nested(2))).toBe(2n + 1000n + 100n + 10n);
  });

  test("the code of an ELF file", async () => {
    const file = writeElf({
      sections: [
        { name: ".data", bytes: new Uint8Array(8) },
        { name: ".text", flags: 6, bytes: codeOf("r0 = 42", "exit") },
      ],
    });
    expect(await runPlugin([mode, "--elf"], hex(file))).toEqual({ ok: true, r0: 42n });
    expect(await runPlugin([mode, "--elf"], hex(codeOf("exit")))).toMatchObject({ ok: false });
  });

  test("what is no program, and what does not return", async () => {
    expect(await runPlugin([mode], "zz")).toEqual({ ok: false, why: "expected pairs of hexadecimal digits" });
    expect(await runPlugin([mode], hex(codeOf("r0 = *(u64 *)(r1 + 64)", "exit")))).toMatchObject({ ok: false });
    expect(await runPlugin([mode], hex(codeOf("loop:", "r0 = 1", "goto loop", "exit")))).toMatchObject({ ok: false });
    expect(await runPlugin([mode, "--fast"], "95")).toMatchObject({
      why: "expected --interpret, --jit or --elf, got --fast",
    });
  });
});

describe("driven as the public runner does", () => {
  let build: Build;
  beforeAll(() => {
    build = buildProject();
  }, 120_000);
  afterAll(() => build.remove());

  /** One process for one program. */
  function run(code: Uint8Array, memory: Uint8Array, mode: string) {
    const args = [...(memory.length === 0 ? [] : [hex(memory)]), mode];
    const { status, stdout, stderr } = spawnSync(process.execPath, [build.rox, "plugin", ...args], {
      input: `${hex(code)}\n`,
      encoding: "utf8",
    });
    return { status, r0: stdout.trim() === "" ? undefined : BigInt(`0x${stdout.trim()}`), stderr };
  }

  test("generated programs give what the interpreter says", () => {
    const none = { ...LINUX_DIALECT, helpers: new Set<number>(), maps: false, tailCalls: false, packets: false };
    let tried = 0;
    for (let index = 0; tried < 5; index++) {
      const { program, inputs, env } = PROGRAMS.fresh(5, index, {
        ...none,
        pointers: false,
        mostSlots: 400,
      }) as ReturnType<typeof PROGRAMS.fresh>;
      const input = inputs[0]!;
      if (env.blind === true || input.length > 64) continue;
      const [one, other] = [0, 0x1008].map((shift) => {
        const layout = layoutOf(program, input.length);
        const context = { ...layout.context, base: layout.context.base + shift };
        return interpret({ program, input, layout: { ...layout, context }, fuel: 100_000 });
      });
      if (one!.kind !== "returned" || other!.kind !== "returned" || one!.r0 !== other!.r0) continue;
      tried++;
      for (const mode of MODES) {
        expect(run(encode(program.code[0]!), input, mode), `program ${index}`).toMatchObject({
          status: 0,
          r0: one!.r0,
        });
      }
    }
  });

  test("a program that is none: a message and another exit code", () => {
    expect(run(new Uint8Array(8), new Uint8Array(), "--jit")).toMatchObject({
      status: 1,
      r0: undefined,
      stderr: /^rox plugin: slot 0: /,
    });
  });
});
