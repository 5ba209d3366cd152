// What the JIT refuses, by the kernel's reason, and that it never lets a wrong word through instead.

import { describe, expect, test } from "vitest";
import type { Insn } from "../../spec/bpf/insn.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { PROFILES } from "../quirks.js";
import { compileImages } from "./compile.js";
import { type JitEnv, LINUX_6_12 } from "./env.js";
import { describe as describeError, type JitError } from "./error.js";
import type { JitFunction } from "./function.js";
import { emit, measure } from "./passes.js";

const ADDRESS = 0x8000_8200_0000;
const kernel = (text: string): readonly Insn[] => bpf(text, { dialect: "kernel" });
const fixed: Partial<JitEnv> = { quirks: PROFILES.fixed };

function refusal(
  insns: readonly Insn[],
  env: Partial<JitEnv> = {},
  fn: Partial<JitFunction> = {},
): JitError | undefined {
  const functions = [{ insns, index: 0, stackDepth: 0, ...fn }];
  const compiled = compileImages(functions, { ...LINUX_6_12, ...env }, () => ADDRESS);
  return compiled.ok ? undefined : compiled.error;
}

describe("no word for it", () => {
  const shift = (imm: number) => kernel("r1 <<= 1; exit").map((slot, pc) => (pc === 0 ? { ...slot, imm } : slot));

  test("a shift by the width or more", () => {
    expect(refusal(shift(63))).toBeUndefined();
    expect(refusal(shift(64))).toEqual({ kind: "refusedEncoding", word: 7, pc: 0, why: "shift" });
  });

  test("a helper at an address that is no multiple of 4", () => {
    expect(refusal(kernel("r0 = 0; call 6; exit"), { callBase: ADDRESS })).toEqual({
      kind: "refusedEncoding",
      word: 8,
      pc: 1,
      why: "branchAlignment",
    });
  });

  test("a stack that no SUB can make", () => {
    expect(refusal(kernel("exit"), {}, { stackDepth: 4112 })).toMatchObject({
      kind: "refusedEncoding",
      word: 7,
      pc: undefined,
      why: "immediate",
    });
  });
});

describe("no lowering for it", () => {
  test("the second slot of an lddw without the first", () => {
    const insns = kernel("r1 = 5 ll; exit").slice(1);
    expect(refusal(insns)).toEqual({ kind: "unknownOpcode", pc: 0, opcode: 0 });
  });

  test("atomics into an arena without LSE", () => {
    const insns = kernel("arena lock *(u64 *)(r1 + 0) += r2; exit");
    expect(refusal(insns, { lse: false })).toEqual({ kind: "unsupportedAtomic", pc: 0 });
    expect(refusal(insns, { lse: true })).toBeUndefined();
  });

  test("a call of a function that does not exist, once the addresses are known", () => {
    const functions = [kernel("call pc+0 {off=2}; exit"), kernel("exit")].map(
      (insns, index): JitFunction => ({ insns, index, stackDepth: 0 }),
    );
    expect(compileImages(functions, LINUX_6_12, () => ADDRESS)).toEqual({
      ok: false,
      index: 0,
      error: { kind: "badCallee", pc: 0, index: 2 },
    });
  });
});

describe("too far", () => {
  /** `words` instructions of one word each. */
  const filler = (words: number): readonly Insn[] => new Array<Insn>(words).fill(clear);
  const [clear, forward, backward] = kernel("r0 = 0; if r1 == 0 goto +0; if r1 == 0 goto +0") as [Insn, Insn, Insn];
  const gotol = kernel("gotol +0")[0] as Insn;
  const REACH = 2 ** 18;

  test("each of these slots is a tail call of 20 words: forward over 13,107 of them fits, over one more does not", () => {
    const over = (slots: number): readonly Insn[] => {
      const calls = new Array<Insn>(slots).fill(kernel("tail_call")[0]!);
      return [{ ...forward, off: slots }, ...calls, ...kernel("exit")];
    };
    expect(refusal(over(13_107))).toBeUndefined();
    for (const env of [{}, fixed]) {
      expect(refusal(over(13_108), env)).toEqual({ kind: "branchOutOfRange", pc: 0, imm: 13_108 * 20 + 1, bits: 19 });
    }
  });

  test("branchRangeDoubled: twice as far is taken, and what is too far becomes the furthest branch back", () => {
    const far = [{ ...forward, off: REACH + 1 }, ...filler(REACH + 1), ...kernel("exit")];
    const doubled = { ...LINUX_6_12, quirks: { ...PROFILES.fixed, branchRangeDoubled: true } };
    expect(refusal(far, fixed)).toMatchObject({ kind: "branchOutOfRange", imm: REACH + 2 });
    const compiled = compileImages([{ insns: far, index: 0, stackDepth: 0 }], doubled, () => ADDRESS);
    if (!compiled.ok) throw new Error("refused");
    const { image, offsets } = compiled.images[0]!;
    const word = new DataView(image.buffer, image.byteOffset).getUint32(4 * (offsets[1]! - 1), true);
    expect((word << 8) >> 13).toBe(-REACH);
  });

  test("backward to a place past word 2^18 - 2: the first pass refuses, however near it is", () => {
    const loop = (before: number): readonly Insn[] => [...filler(before), { ...backward, off: -2 }, ...kernel("exit")];
    // The prologue takes 7 words, and the loop begins at the last filler word.
    const last = REACH - 2 - 7 + 1;
    expect(refusal(loop(last))).toBeUndefined();
    expect(refusal(loop(last + 1))).toEqual({ kind: "branchOutOfRange", pc: last + 1, imm: REACH, bits: 19 });
    expect(refusal(loop(last + 1), fixed)).toBeUndefined();
  });

  test("a jump without a condition goes farther", () => {
    const loop = [...filler(REACH + 5), { ...gotol, imm: -2 }, ...kernel("exit")];
    expect(refusal(loop)).toBeUndefined();
  });
});

describe("rounds", () => {
  const fn: JitFunction = { insns: kernel("call pc+0 {off=1}; exit"), index: 0, stackDepth: 0 };
  const start = () => {
    const measured = measure(fn, LINUX_6_12);
    if (!measured.ok) throw new Error(describeError(measured.error));
    const { sized } = measured;
    const words = new Uint32Array(sized.imageBytes / 4).fill(0xd420_2000);
    return { sized, image: new Uint8Array(words.buffer) };
  };

  test("the second may shrink and not grow", () => {
    const { sized, image } = start();
    expect(emit(sized, image, ADDRESS, undefined)).toMatchObject({ ok: true, jitedBytes: 80 });
    expect(emit(sized, image, ADDRESS, [ADDRESS, ADDRESS + 64])).toMatchObject({ ok: true, jitedBytes: 64 });
    expect(emit(sized, image, ADDRESS, [ADDRESS, ADDRESS + 2 ** 28])).toEqual({
      ok: false,
      error: { kind: "extraPassGrew", words: 20, expected: 16 },
    });
  });

  test("an image of another size, or a misaligned address, is the caller's slip", () => {
    const { sized, image } = start();
    expect(() => emit(sized, image.subarray(4), ADDRESS, undefined)).toThrow("image of 84 bytes at offset 4");
    expect(() => emit(sized, image, ADDRESS + 4, undefined)).toThrow("for a multiple of 8");
  });
});

test("every reason reads as one line", () => {
  const errors: readonly JitError[] = [
    { kind: "branchOutOfRange", pc: 3, imm: 262_209, bits: 19 },
    { kind: "refusedEncoding", word: 7, pc: 0, why: "shift" },
    { kind: "refusedEncoding", word: 7, pc: undefined, why: undefined },
    { kind: "unknownOpcode", pc: 1, opcode: 0 },
    { kind: "unsupportedAtomic", pc: 1 },
    { kind: "badCallee", pc: 1, index: 4 },
    { kind: "prologueLength", words: 6, expected: 7 },
    { kind: "bodyMoved", words: 6, expected: 7 },
    { kind: "exceptionEntries", written: 1, expected: 2 },
    { kind: "exceptionRange", pc: 1, bytes: 5 },
    { kind: "extraPassGrew", words: 8, expected: 7 },
  ];
  expect(errors.map(describeError)).toEqual([
    "pc 3: imm=262209 out of range of 19 bits",
    "word 7 (pc 0): no encoding (shift)",
    "word 7: no encoding (fill word)",
    "pc 1: unknown opcode 0x00",
    "pc 1: atomics into an arena need LSE",
    "pc 1: function 4 does not exist",
    "prologue is 6 words up to the tail-call entry, expected 7",
    "body ends at word 6, expected 7",
    "1 exception entries were written, expected 2",
    "pc 1: exception entry is 5 bytes from its instruction",
    "the last round came to 8 words, the first to 7",
  ]);
});
