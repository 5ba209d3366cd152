// The emitted words, spelled out: what a real Linux 6.12.117 emitted for the same programs, and for configurations that
// it was not recorded in, what follows from the rules.

import { describe, expect, test } from "vitest";
import { bpf } from "../../spec/bpf/text/bpf.js";
import { PROFILES } from "../quirks.js";
import { type CompiledImage, compileImages } from "./compile.js";
import { type JitEnv, LINUX_6_12 } from "./env.js";
import { describe as describeError } from "./error.js";
import type { JitFunction } from "./function.js";

const ADDRESS = 0x8000_82c2_5888;

const kernel = (text: string) => bpf(text, { dialect: "kernel" });

function images(functions: readonly Partial<JitFunction>[], env: Partial<JitEnv> = {}): readonly CompiledImage[] {
  const list = functions.map((fn, index): JitFunction => ({ insns: [], index, stackDepth: 0, ...fn }));
  const compiled = compileImages(list, { ...LINUX_6_12, ...env }, (index) => ADDRESS + index * 0x1000);
  if (!compiled.ok) throw new Error(`function ${compiled.index}: ${describeError(compiled.error)}`);
  return compiled.images;
}

const hex = (bytes: Uint8Array): string =>
  [...new Uint32Array(bytes.slice().buffer)].map((word) => word.toString(16).padStart(8, "0")).join(" ");
const code = (image: CompiledImage | undefined): string =>
  image === undefined ? "" : hex(image.image.subarray(0, image.jitedBytes));
/** The words of the instructions alone. */
const body = (text: string, env: Partial<JitEnv> = {}, fn: Partial<JitFunction> = {}): string => {
  const [image] = images([{ insns: kernel(text), ...fn }], env);
  const [first, last] = [image?.offsets[0] ?? 0, image?.offsets.at(-1) ?? 0];
  return image === undefined ? "" : hex(image.image.subarray(first * 4, last * 4));
};

describe("recorded from a real kernel", () => {
  test("the smallest main program, with the literal behind it", () => {
    const [image] = images([{ insns: bpf("r0 = 42; exit") }]);
    expect(code(image)).toBe(
      "910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa d2800547 a8c16bff a8c17bfd 910000e0 d50323bf d65f03c0 d503201f 5800004a d61f0140",
    );
    expect(hex(image?.image.subarray(64) ?? new Uint8Array(0))).toBe("80040e10 ffff8000");
  });

  test("callee-saved registers in pairs, an odd one with the zero register", () => {
    const [image] = images([{ insns: bpf("r6 = 1; r7 = 2; r9 = 3; r0 = r9; r0 += r6; r0 += r7; exit") }]);
    expect(code(image)).toBe(
      "910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa a9bf53f3 a9bf7ff6 d2800033 d2800054 d2800076 910002c7 8b1300e7 8b1400e7 a8c17ff6 a8c153f3 a8c16bff a8c17bfd 910000e0 d50323bf d65f03c0 5800004a d61f0140",
    );
  });

  test("a backward loop over a load of two slots", () => {
    expect(body("r0 = 0; r1 = 0; r0 += 2; r2 = 0x5ffffffff ll; r1 += 1; if r1 < 10 goto -5; exit")).toBe(
      "d2800007 d2800000 910008e7 92ffffe1 f2c000a1 91000400 f100281f 54ffff63",
    );
  });

  test("a subprogram keeps the tail-call counter of its caller", () => {
    const functions = [{ insns: bpf("r0 = 1; exit") }, { insns: bpf("exit") }];
    expect(code(images(functions)[1])).toMatch(/^910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bfa /);
  });
});

describe("configurations", () => {
  const prologue = (env: Partial<JitEnv>, fn: Partial<JitFunction> = {}) =>
    code(images([{ insns: bpf("r0 = 42; exit"), ...fn }], env)[0]);

  test("without pointer authentication", () => {
    expect(prologue({ pac: false })).toBe(
      "910003c9 d503201f a9bf7bfd 910003fd a9bf6bff 910003fa d2800547 a8c16bff a8c17bfd 910000e0 d65f03c0 d503201f 5800004a d61f0140",
    );
  });

  test("with branch target identification, at the entry and where tail calls land", () => {
    expect(prologue({ bti: true })).toMatch(
      /^d50324df 910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa d503249f d2800547 /,
    );
  });

  test("a program converted from classic BPF is no target of tail calls", () => {
    expect(prologue({ bti: true }, { wasClassic: true })).toMatch(
      /^d50324df 910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa d2800547 /,
    );
  });

  test.each([
    [{ clear: "hint", firmware: "hvc" }, "d50322df"],
    [{ clear: { loops: 8 }, firmware: undefined }, "52800100 14000001 f1000400 54ffffc1 d5033b9f d50330df"],
    [{ clear: undefined, firmware: "smc" }, "32013be0 d4000003"],
    [{ clear: undefined, firmware: "hvc" }, "32013be0 d4000002"],
  ] as const)("classic BPF forgets the branch history by %j", (branchHistory, words) => {
    expect(prologue({ branchHistory }, { wasClassic: true })).toContain(`a8c16bff ${words} a8c17bfd`);
    expect(prologue({ branchHistory })).toContain("a8c16bff a8c17bfd");
  });

  test("the per-CPU base, with and without virtualization host extensions", () => {
    expect(body("r0 = percpu r1; r0 = percpu r0; exit")).toBe("91000007 d538d08a 8b0a00e7 d538d08a 8b0a00e7");
    expect(body("r0 = percpu r1; exit", { vhe: true })).toBe("91000007 d53cd04a 8b0a00e7");
  });

  test("an exception boundary saves everything; its callback takes the frame over", () => {
    const functions = [
      { insns: bpf("r0 = 1; exit"), exceptionBoundary: true },
      { insns: bpf("r0 = r1; exit"), exceptionCallback: true },
    ];
    const [boundary, callback] = images(functions);
    expect(code(boundary)).toContain("a9bf53f3 a9bf5bf5 a9bf63f7 a9bf6bf9 a9bf73fb 910003f9 d2800027");
    expect(code(callback)).toBe(
      "910003c9 d503201f 9100005d d10183bf 910003f9 91000007 a8c173fb a8c16bf9 a8c163f7 a8c15bf5 a8c153f3 a8c16bff a8c17bfd 910000e0 d50323bf d65f03c0 5800004a d61f0140",
    );
  });

  test("an arena's base goes to x28, saved with the others", () => {
    const arena = { kernelBase: { high: 0xffff_8000, low: 0xa000_0000 }, userBase: { high: 0x7f, low: 0 } };
    const [image] = images([{ insns: bpf("r6 = 1; exit"), arena }]);
    expect(code(image)).toContain("a9bf73f3 d2fffffc f2d0001c f2b4001c d2800033 a8c173f3");
  });
});

describe("calls", () => {
  test("a near helper is called directly, a far one through a register", () => {
    expect(body("call 4; exit", { callBase: ADDRESS })).toBe("97fffffa 91000007");
    expect(body("call 4; exit", { callBase: ADDRESS + 2 ** 28 })).toBe("9294ee6a f2b2584a f2d0000a d63f0140 91000007");
  });

  test("the edges of a direct call's reach", () => {
    const reach = 128 * 1024 * 1024;
    const callTo = (distance: number) => body("call 0; exit", { callBase: ADDRESS + 7 * 4 + distance }).split(" ")[0];
    expect([-reach - 4, -reach, reach - 4, reach].map(callTo)).toEqual([
      "9294ebea",
      "96000000",
      "95ffffff",
      "9294eb6a",
    ]);
  });

  test("kernel functions are called as helpers are", () => {
    expect(body("call kfunc 4; exit", { callBase: ADDRESS })).toBe("97fffffa 91000007");
  });

  test("three helpers are a word or two in place of a call, and kernel functions of the same number are not", () => {
    expect(body("call 8; call 35; call 158; exit")).toBe("d538410a b9401147 d5384107 d5384107");
    expect(body("call 8; exit", { offsets: { ...LINUX_6_12.offsets, threadCpu: 18 } })).toBe(
      "d538410a d280024b b86b6947",
    );
    expect(body("call kfunc 8; exit", { callBase: ADDRESS })).toBe("97fffffb 91000007");
  });

  test("functions call each other directly once all are compiled, and the end of the longer image stays", () => {
    const functions = [{ insns: kernel("call pc+0 {off=1}; exit") }, { insns: kernel("exit") }];
    const [stale] = images(functions);
    expect(code(stale)).toBe(
      "910003c9 d503201f d503233f a9bf7bfd 910003fd a9bf6bff 910003fa 940003f9 91000007 a8c16bff a8c17bfd 910000e0 d50323bf d65f03c0 5800004a d61f0140",
    );
    expect(hex(stale?.image.subarray(stale.jitedBytes) ?? new Uint8Array(0))).toBe(
      "80040e10 ffff8000 5800004a d61f0140 80040e10 ffff8000",
    );
    const [clean] = images(functions, { quirks: PROFILES.fixed });
    expect(hex(clean?.image.subarray(clean.jitedBytes) ?? new Uint8Array(0))).toBe(
      "80040e10 ffff8000 d4202000 d4202000 d4202000 d4202000",
    );
  });

  test("the address of a function takes three words in both rounds", () => {
    const functions = [{ insns: kernel("r1 = code 0 ll {off=1}; exit") }, { insns: kernel("exit") }];
    expect(code(images(functions)[0])).toContain("910003fa 9292eee0 f2b05840 f2d00000 a8c16bff");
  });
});

describe("constants", () => {
  test.each([
    ["r0 = -1", "92800007"],
    ["r0 = 0xffffffffffffffff ll", "92800007"],
    ["r0 = 0xffff0000 ll", "129fffe7"],
    ["r0 = 0x1234567890abcdef ll", "d2e24687 f2cacf07 f2b21567 f299bde7"],
    ["r0 = 0xffff800082c25888 ll", "92cfffe7 f2b05847 f28b1107"],
    ["r0 = 0x0000ffff0000ffff ll", "d2dfffe7 f29fffe7"],
    ["r0 = 0x00000001ffffffff ll", "92ffffe7 f2c00027"],
    ["r0 = -65537", "92a00027"],
    ["w0 = -65538", "12a00027 729fffc7"],
    ["r0 = 65536", "d2800007 f2a00027"],
  ])("%s", (text, words) => {
    expect(body(`${text}; exit`)).toBe(words);
  });
});

describe("arithmetic", () => {
  test.each([
    ["r1 += 4095; r1 += 4096; r1 += -5; r1 += 4097", "913ffc00 91400400 d1001400 d282002a 8b0a0000"],
    ["w1 -= 7; w1 -= -7; w1 -= 0x1000001", "51001c00 11001c00 5280002a 72a0200a 4b0a0000"],
    ["r1 &= 0xff; r1 &= 5; w1 |= -2; w1 ^= 0x12345", "92401c00 d28000aa 8a0a0000 321f7800 528468aa 72a0002a 4a0a0000"],
    [
      "r1 *= 3; r1 /= 3; r1 s/= 3; r1 %= 3; r1 s%= 3",
      "d280006a 9b0a7c00 d280006a 9aca0800 d280006a 9aca0c00 d280006b 9acb080a 9b0b8140 d280006b 9acb0c0a 9b0b8140",
    ],
    [
      "r1 *= r2; r1 /= r2; w1 s/= w2; r1 %= r2; w1 s%= w2",
      "9b017c00 9ac10800 1ac10c00 9ac1080a 9b018140 1ac10c0a 1b018140",
    ],
    [
      "r1 <<= 0; r1 >>= 63; w1 s>>= 31; r1 <<= r2; w1 >>= w2; r1 s>>= r2",
      "d340fc00 d37ffc00 131f7c00 9ac12000 1ac12400 9ac12800",
    ],
    ["r1 = -r1; w1 = -w1; r1 = (s8)r2; w1 = (s16)w2; r1 = (s32)r2", "cb0003e0 4b0003e0 93401c20 13003c20 93407c20"],
    [
      "r1 = le16 r1; r1 = le32 r1; r1 = le64 r1; r1 = be16 r1; r1 = be32 r1; r1 = be64 r1",
      "53003c00 53007c00 5ac00400 53003c00 5ac00800 dac00c00",
    ],
    ["r1 = bswap16 r1; r1 = bswap32 r1; r1 = bswap64 r1", "dac00400 d3403c00 5ac00800 dac00c00"],
  ])("%s", (text, words) => {
    expect(body(`${text}; exit`)).toBe(words);
  });
});

describe("branches", () => {
  test.each([
    [
      "if r1 == 0 goto +0; if r1 != -7 goto +0; if r1 > 0x12345 goto +0; if w1 s< 4096 goto +0",
      "f100001f 54000020 b1001c1f 54000021 d28468aa f2a0002a eb0a001f 54000028 7140041f 5400002b",
    ],
    [
      "if r1 & 6 goto +0; if w1 & 5 goto +0; if r1 & r2 goto +0; if r1 s>= r2 goto +0",
      "f27f041f 54000021 528000aa 6a0a001f 54000021 ea01001f 54000021 eb01001f 5400002a",
    ],
    ["goto +0; gotol +0; goto -1", "14000001 14000001 14000000"],
    ["if r1 < r2 goto +1; exit; r0 = 1", "eb01001f 54000043 14000002 d2800027"],
  ])("%s", (text, words) => {
    expect(body(`${text}; exit`)).toBe(words);
  });
});

describe("memory", () => {
  test.each([
    [
      "r1 = *(u8 *)(r2 + 4095); r1 = *(u64 *)(r2 + 7); r1 = *(s16 *)(r2 - 2); r1 = *(s32 *)(r2 + 8)",
      "397ffc20 d28000ea f86a6820 9280002a 78aae820 b9800820",
    ],
    ["*(u64 *)(r10 - 8) = r1; *(u64 *)(r10 - 15) = r1; r1 = *(u32 *)(r10 - 16)", "f90007e0 928001ca f82a6b20 b94003e0"],
    ["*(u16 *)(r2 + 2) = -3; *(u32 *)(r2 + 1) = 70000", "9280004a 7900042a d2822e0a f2a0002a d280002b b82b682a"],
  ])("%s", (text, words) => {
    expect(body(`${text}; exit`, {}, { stackDepth: 16 })).toBe(words);
  });
});

describe("tail calls", () => {
  test("recorded from a real kernel: no stack, no callee-saved registers", () => {
    expect(body("tail_call; exit")).toBe(
      "5280048a b86a682a 11000042 6b0a005f 54000202 5280042a f940034c eb0a019f 54000182 9100058c 5280210a 8b0a002a d37df04b f86b694b b40000cb f900034c 5280060a f86a696a 9100714a d61f0140",
    );
  });

  test("gives the stack and the callee-saved registers back, and lands behind the landing pad", () => {
    expect(body("r6 = 1; tail_call; exit", { bti: true }, { stackDepth: 40 })).toContain(
      "f900034c 9100c3ff a8c17ff3 5280060a f86a696a 9100814a d61f0140",
    );
  });
});
