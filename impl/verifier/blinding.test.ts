import { describe, expect, test } from "vitest";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { blindFunction, bpfJitBlindConstants } from "./blinding.js";

const i = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
const line = ({ row, dst, src, off, imm }: Insn): string => `${row.id} ${dst} ${src} ${off} ${imm}`;

/** Blinded with the random number 0xff every time, as lines `row dst src off imm`. */
function blinded(...code: readonly Insn[]): readonly string[] {
  const result = bpfJitBlindConstants(code, () => 0xff);
  return result.ok ? result.insns.map(line) : [`slot ${result.slot} by ${result.distance}`];
}

const AX64 = ["mov imm 11 0 0 254", "xor imm 11 0 0 255"];
const AX32 = ["mov32 imm 11 0 0 254", "xor32 imm 11 0 0 255"];

describe("a constant goes through the scratch register", () => {
  test.each<[string, readonly string[], string]>([
    ["mov imm", AX64, "mov reg 3 11 0 0"],
    ["mov32 imm", AX32, "mov32 reg 3 11 0 0"],
    ["add imm", AX64, "add reg 3 11 0 0"],
    ["sub32 imm", AX32, "sub32 reg 3 11 0 0"],
    ["mul imm", AX64, "mul reg 3 11 0 0"],
    ["div imm", AX64, "div reg 3 11 0 0"],
    ["sdiv32 imm", AX32, "sdiv32 reg 3 11 1 0"],
    ["smod imm", AX64, "smod reg 3 11 1 0"],
    ["and imm", AX64, "and reg 3 11 0 0"],
    ["or32 imm", AX32, "or32 reg 3 11 0 0"],
    ["xor imm", AX64, "xor reg 3 11 0 0"],
    ["jset imm", AX64, "jset reg 3 11 0 0"],
    ["jeq imm", AX64, "jeq reg 3 11 0 0"],
    ["jslt32 imm", AX32, "jslt32 reg 3 11 0 0"],
    ["stw", AX64, "stxw 3 11 0 0"],
    ["stdw", AX64, "stxdw 3 11 0 0"],
    ["arena stb", AX64, "arena stxb 3 11 0 0"],
  ])("%s", (id, constant, operation) => {
    expect(blinded(i(id, { dst: 3, imm: 1 }))).toEqual([...constant, operation]);
  });

  test("memory operands keep their offset", () => {
    expect(blinded(i("sth", { dst: 10, off: -6, imm: 1 })).at(-1)).toBe("stxh 10 11 -6 0");
    expect(blinded(i("arena stdw", { dst: 1, off: 8, imm: 1 })).at(-1)).toBe("arena stxdw 1 11 8 0");
  });

  test("zero is made by exclusive or", () => {
    expect(blinded(i("mov imm", { dst: 4 }), i("mov32 imm", { dst: 5 }))).toEqual([
      "xor reg 4 4 0 0",
      "xor reg 5 5 0 0",
    ]);
  });

  test("64 bits: the upper half, then the lower one under it", () => {
    expect(blinded(i("lddw imm64", { dst: 2, imm: 1 }), i("lddw high", { imm: 2 }))).toEqual([
      "mov imm 11 0 0 253",
      "xor imm 11 0 0 255",
      "lsh imm 11 0 0 32",
      "mov reg 2 11 0 0",
      "mov32 imm 11 0 0 254",
      "xor32 imm 11 0 0 255",
      "or reg 2 11 0 0",
    ]);
  });

  test("each one with a random number of its own", () => {
    let next = 0;
    const code = [i("add imm", { dst: 1, imm: 1 }), i("add imm", { dst: 1, imm: 1 })];
    const result = bpfJitBlindConstants(code, () => 16 * ++next);
    if (!result.ok) throw new Error("too far");
    expect(result.insns.map(({ imm }) => imm)).toEqual([17, 16, 0, 33, 32, 0]);
  });
});

test("what holds no constant of the program's stays the same object", () => {
  const code = [
    i("lsh imm", { dst: 1, imm: 3 }),
    i("add reg", { dst: 1, src: 2 }),
    i("mov imm", { dst: 11, imm: 5 }),
    i("jeq imm", { dst: 11, imm: 5, off: 0 }),
    i("lddw code", { dst: 2, off: 1 }),
    i("lddw high"),
    i("call helper", { imm: 7 }),
    i("exit"),
  ];
  const result = bpfJitBlindConstants(code, () => 1);
  expect(result).toEqual({ ok: true, insns: code, origin: Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7) });
});

describe("jumps", () => {
  const add = i("add imm", { dst: 0, imm: 1 });

  test("one with a constant goes back two further, and over what has grown", () => {
    expect(blinded(add, i("jlt imm", { dst: 0, off: -2, imm: 1 })).at(-1)).toBe("jlt reg 0 11 -6 0");
    expect(blinded(add, i("jlt imm", { dst: 0, off: -1, imm: 1 })).at(-1)).toBe("jlt reg 0 11 -3 0");
  });

  test("one without a constant is aimed again as well", () => {
    expect(blinded(i("ja", { off: 1 }), add, i("exit"))[0]).toBe("ja 0 0 3 0");
    expect(blinded(add, i("gotol", { imm: -2 }))[3]).toBe("gotol 0 0 0 -4");
    expect(blinded(i("jeq imm", { dst: 0, off: 1, imm: 1 }), add, i("exit"))[2]).toBe("jeq reg 0 11 3 0");
  });

  test("a target that gets out of reach is named", () => {
    const far = Array.from({ length: 10_930 }, () => add);
    expect(blinded(i("ja", { off: 10_930 }), ...far, i("exit"))).toEqual(["slot 0 by 32790"]);
  });
});

test("a function keeps what it is, and its instructions where they come from", () => {
  const fn = {
    insns: [i("mov imm", { imm: 1 }), i("exit")],
    index: 2,
    stackDepth: 8,
    origin: Int32Array.of(40, 41),
  };
  const result = blindFunction(fn, () => 0);
  if (!result.ok) throw new Error("too far");
  expect([result.fn.index, result.fn.stackDepth, result.fn.insns.length]).toEqual([2, 8, 4]);
  expect(result.fn.origin).toEqual(Int32Array.of(40, 40, 40, 41));
});
