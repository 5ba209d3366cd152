import { describe, expect, test } from "vitest";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { type CodeFacts, rewrite, type VerifierEnv } from "./rewrite.js";

const i = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
const exit = i("exit");
const mov = (dst: number, imm: number): Insn => i("mov imm", { dst, imm });

const ENV: VerifierEnv = {
  mapObject: (index) => 0x8000_1234_5000 + 256 * index,
  mapValues: (index) => 0x8000_9000_0000 + 256 * index,
  helperOffset: (id) => ({ 5: 0x1000, 7: -0x2000 })[id],
  contextField: (offset) => (offset > 8 ? undefined : { via: [], at: 2 * offset, width: 8 }),
  loops: 1000,
};

const whole = (code: readonly Insn[], contextLoads: readonly number[] = []): CodeFacts => ({
  functions: [{ start: 0, end: code.length, stackDepth: 0 }],
  contextLoads: new Set(contextLoads),
});

/** One function, rewritten, as lines `row dst src off imm`. */
function rewritten(
  code: readonly Insn[],
  env: Partial<VerifierEnv> = {},
  contextLoads: readonly number[] = [],
): readonly string[] {
  const { functions } = rewrite(code, whole(code, contextLoads), { ...ENV, ...env });
  return functions[0]!.insns.map(({ row, dst, src, off, imm }) => `${row.id} ${dst} ${src} ${off} ${imm}`);
}

test("what is not rewritten stays the same object", () => {
  const code = [mov(0, 1), i("stxb", { dst: 10, off: -1 }), i("jeq imm", { off: -3 }), exit];
  const { functions } = rewrite(code, whole(code), ENV);
  expect(functions).toEqual([{ index: 0, stackDepth: 0, insns: code, origin: Int32Array.of(0, 1, 2, 3) }]);
  expect(functions[0]!.insns[1]).toBe(code[1]);
});

test("each function becomes its own, and a local call names it by index", () => {
  const code = [i("call local", { imm: 3 }), i("call local", { imm: 0 }), exit, exit, mov(0, 5), exit];
  const facts: CodeFacts = {
    functions: [
      { start: 0, end: 2, stackDepth: 8 },
      { start: 2, end: 4, stackDepth: 0 },
      { start: 4, end: 6, stackDepth: 512 },
    ],
    contextLoads: new Set(),
  };
  expect(rewrite(code, facts, ENV).functions).toEqual([
    {
      index: 0,
      stackDepth: 8,
      insns: [i("call local", { off: 2, imm: 3 }), i("call local", { off: 1, imm: 0 })],
      origin: Int32Array.of(0, 1),
    },
    { index: 1, stackDepth: 0, insns: [exit, exit], origin: Int32Array.of(2, 3) },
    { index: 2, stackDepth: 512, insns: [mov(0, 5), exit], origin: Int32Array.of(4, 5) },
  ]);
});

test("a helper call becomes a distance, a tail call an instruction, an inlined helper stays", () => {
  const code = [5, 7, 12, 8].map((imm) => i("call helper", { imm }));
  expect(rewritten(code, { inlineHelpers: new Set([8]) })).toEqual([
    "call helper 0 0 0 4096",
    "call helper 0 0 0 -8192",
    "tail call 0 0 0 0",
    "call helper 0 0 0 8",
  ]);
  expect(() => rewritten(code)).toThrow("slot 3 calls helper 8, which has no address");
});

test("a map becomes its address, its value the address of that byte", () => {
  const load = (source: string, imm: number, high: number): readonly Insn[] => [
    i(`lddw ${source}`, { dst: 3, imm }),
    i("lddw high", { imm: high }),
  ];
  const top = 0xffff_8000 | 0;
  expect(rewritten([...load("mapFd", 2, 0), ...load("mapIndex", 0, 0)])).toEqual([
    `lddw imm64 3 0 0 ${0x1234_5200}`,
    `lddw high 0 0 0 ${top}`,
    `lddw imm64 3 0 0 ${0x1234_5000}`,
    `lddw high 0 0 0 ${top}`,
  ]);
  expect(rewritten([...load("mapFdValue", 1, 24), ...load("mapIndexValue", 0, 0), ...load("imm64", -1, 7)])).toEqual([
    `lddw imm64 3 0 0 ${0x9000_0118 | 0}`,
    `lddw high 0 0 0 ${top}`,
    `lddw imm64 3 0 0 ${0x9000_0000 | 0}`,
    `lddw high 0 0 0 ${top}`,
    "lddw imm64 3 0 0 -1",
    "lddw high 0 0 0 7",
  ]);
});

test("the fields of the xdp context become pointers, other loads stay", () => {
  const code = [0, 4, 8, 4].map((off) => i("ldxw", { dst: 2, src: 1, off }));
  expect(rewritten(code, {}, [0, 1, 2])).toEqual(["ldxdw 2 1 0 0", "ldxdw 2 1 8 0", "ldxdw 2 1 16 0", "ldxw 2 1 4 0"]);
});

test("a shift beyond the width is taken modulo the width", () => {
  const shifts = [
    i("lsh imm", { imm: 64 }),
    i("rsh32 imm", { imm: -24 }),
    i("arsh imm", { imm: 63 }),
    i("add imm", { imm: 99 }),
  ];
  expect(rewritten(shifts)).toEqual(["lsh imm 0 0 0 0", "rsh32 imm 0 0 0 8", "arsh imm 0 0 0 63", "add imm 0 0 0 99"]);
});

describe("divisions guarded as Linux 6.12 does", () => {
  const guarded = (...code: readonly Insn[]): readonly string[] => rewritten(code, { rewriteDivision: true });
  const byReg = (id: string): Insn => i(id, { dst: 3, src: 4 });

  test.each<[string, readonly string[]]>([
    ["div reg", ["jne imm 4 0 2 0", "xor32 reg 3 3 0 0", "ja 0 0 1 0", "div reg 3 4 0 0"]],
    ["div32 reg", ["jne32 imm 4 0 2 0", "xor32 reg 3 3 0 0", "ja 0 0 1 0", "div32 reg 3 4 0 0"]],
    ["mod reg", ["jeq imm 4 0 1 0", "mod reg 3 4 0 0"]],
    ["mod32 reg", ["jeq32 imm 4 0 2 0", "mod32 reg 3 4 0 0", "ja 0 0 1 0", "mov32 reg 3 3 0 0"]],
    [
      "sdiv reg",
      [
        "mov reg 11 4 0 0",
        "add imm 11 0 0 1",
        "jgt imm 11 0 4 1",
        "jeq imm 11 0 1 0",
        "mov imm 3 0 0 0",
        "neg 3 0 0 0",
        "ja 0 0 1 0",
        "sdiv reg 3 4 1 0",
      ],
    ],
    [
      "smod32 reg",
      [
        "mov reg 11 4 0 0",
        "add32 imm 11 0 0 1",
        "jgt32 imm 11 0 3 1",
        "jeq32 imm 11 0 4 1",
        "mov32 imm 3 0 0 0",
        "ja 0 0 1 0",
        "smod32 reg 3 4 1 0",
        "ja 0 0 1 0",
        "mov32 reg 3 3 0 0",
      ],
    ],
  ])("%s", (id, expected) => {
    expect(guarded(byReg(id))).toEqual(expected);
  });

  test("by a constant: only signed ones by -1", () => {
    expect(guarded(i("sdiv imm", { dst: 3, imm: -1 }))).toEqual(["neg 3 0 0 0"]);
    expect(guarded(i("smod imm", { dst: 3, imm: -1 }))).toEqual(["mov32 imm 3 0 0 0"]);
    expect(guarded(i("div imm", { dst: 3, imm: -1 }))).toEqual(["div imm 3 0 0 -1"]);
    expect(guarded(i("sdiv imm", { dst: 3, imm: 2 }))).toEqual(["sdiv imm 3 0 1 2"]);
  });

  test("jumps across a guard are aimed again, and to it at its first instruction", () => {
    const code = [i("ja", { off: 1 }), byReg("mod reg"), i("jeq imm", { off: -2 }), i("gotol", { imm: -4 })];
    const { functions } = rewrite(code, whole(code), { ...ENV, rewriteDivision: true });
    expect(functions[0]!.origin).toEqual(Int32Array.of(0, 1, 1, 2, 3));
    expect(guarded(...code)).toEqual([
      "ja 0 0 2 0",
      "jeq imm 4 0 1 0",
      "mod reg 3 4 0 0",
      "jeq imm 0 0 -3 0",
      "gotol 0 0 0 -5",
    ]);
  });

  test("a target that gets out of reach is refused", () => {
    const far = [i("ja", { off: 32767 }), byReg("mod reg"), ...Array.from({ length: 32766 }, () => mov(0, 0)), exit];
    expect(() => guarded(...far)).toThrow("slot 0 would have to jump by 32768");
  });
});

describe("may_goto", () => {
  const code = [mov(0, 0), i("add imm", { dst: 0, imm: 1 }), i("may_goto", { off: 1 }), i("ja", { off: -3 }), exit];

  test("counts down eight bytes below the frame, from the budget that the function starts with", () => {
    const facts: CodeFacts = { functions: [{ start: 0, end: 5, stackDepth: 12 }], contextLoads: new Set() };
    const fn = rewrite(code, facts, ENV).functions[0]!;
    expect(fn).toMatchObject({ counter: -24, stackDepth: 24, origin: Int32Array.of(0, 0, 1, 2, 2, 2, 2, 3, 4) });
    expect(fn.insns.map(({ row, dst, src, off, imm }) => `${row.id} ${dst} ${src} ${off} ${imm}`)).toEqual([
      "stdw 10 0 -24 1000",
      "mov imm 0 0 0 0",
      "add imm 0 0 0 1",
      "ldxdw 11 10 -24 0",
      "jeq imm 11 0 3 0",
      "sub imm 11 0 0 1",
      "stxdw 10 11 -24 0",
      "ja 0 0 -6 0",
      "exit 0 0 0 0",
    ]);
  });

  test.each([
    ["to what follows", 0, 2],
    ["forwards", 1, 3],
    ["to itself", -1, -2],
    ["backwards", -2, -3],
  ])("goes %s", (_, off, distance) => {
    const lines = rewritten([mov(0, 0), i("may_goto", { off }), mov(0, 1), exit]);
    expect(lines[3]).toBe(`jeq imm 11 0 ${distance} 0`);
  });

  test("a jump to the first instruction does not fill the budget again", () => {
    const lines = rewritten([i("may_goto", { off: 1 }), i("ja", { off: -2 }), exit]);
    expect(lines.at(-2)).toBe("ja 0 0 -5 0");
  });

  test("goes through the scratch register that there is", () => {
    expect(rewritten([i("may_goto"), exit], { scratch: 12 })[1]).toBe("ldxdw 12 10 -8 0");
  });
});
