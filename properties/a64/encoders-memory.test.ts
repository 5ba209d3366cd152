// Encoders of loads, stores and atomics. See encoder-testing.ts.

import { describe, expect, test } from "vitest";
import * as atomic from "../../impl/a64/atomic.js";
import * as access from "../../impl/a64/load-store.js";
import { type Reg, X } from "../../impl/a64/registers.js";
import { explain } from "../../spec/a64/decode.js";
import { SP } from "../../spec/a64/insn.js";
import { orSp, PAIRS, refuses, says, THREES, WIDTHS, width } from "./encoder-testing.js";

describe("loads and stores", () => {
  const SIZES = [0, 1, 2, 3] as const;
  const single = (op: "load" | "store", size: access.SizeLog, signed: boolean, rt: Reg, rn: Reg) =>
    ({
      op,
      bytes: ([1, 2, 4, 8] as const)[size],
      signed,
      width: signed || size === 3 ? 64 : 32,
      rt,
      rn: orSp(rn),
    }) as const;
  const signedSizes = SIZES.filter((size): size is access.SignedSizeLog => size < 3);
  const forms = [
    ...SIZES.flatMap((size) => [
      { op: "load", size, signed: false, imm: access.ldrImm, reg: access.ldrReg } as const,
      { op: "store", size, signed: false, imm: access.strImm, reg: access.strReg } as const,
    ]),
    ...signedSizes.map(
      (size) =>
        ({
          op: "load",
          size,
          signed: true,
          imm: access.ldrsImm as typeof access.ldrImm,
          reg: access.ldrsReg as typeof access.ldrReg,
        }) as const,
    ),
  ];

  test.each(forms)("$op of size $size, signed $signed", ({ op, size, signed, imm, reg }) => {
    const bytes = 1 << size;
    for (const [rt, rn] of PAIRS) {
      for (const offset of [0, bytes, 4094 * bytes, 4095 * bytes]) {
        says(imm(size, rt, rn, offset), {
          kind: "accessImmediate",
          ...single(op, size, signed, rt, rn),
          offset,
          offsetValue: BigInt(offset),
        });
      }
    }
    for (const [rt, rn, rm] of THREES) {
      says(reg(size, rt, rn, rm), {
        kind: "accessRegister",
        ...single(op, size, signed, rt, rn),
        rm,
        extend: signed ? "sxtx" : "lsl",
        scaled: false,
      });
    }
    const misaligned = size === 0 ? [] : [1, bytes - 1, bytes + 1, 4095 * bytes - 1];
    for (const offset of [-1, -bytes, 4096 * bytes, 4095 * bytes + 1, 2 ** 31, 2 ** 32, ...misaligned]) {
      refuses(imm(size, X[0]!, X[1]!, offset), "offset");
    }
  });

  test("ldrLiteral", () => {
    for (const is64 of WIDTHS) {
      for (const rt of X) {
        for (const offset of [-0x10_0000, -4, 0, 4, 8, 0xf_fffc]) {
          says(access.ldrLiteral(is64, rt, offset), { kind: "loadLiteral", width: width(is64), rt, offset });
        }
      }
      refuses(access.ldrLiteral(is64, X[0]!, 0x10_0000), "branchRange");
      refuses(access.ldrLiteral(is64, X[0]!, -0x10_0004), "branchRange");
      refuses(access.ldrLiteral(is64, X[0]!, 2), "branchAlignment");
    }
  });

  test.each([
    ["stpPre", access.stpPre, "store", "pre"],
    ["ldpPost", access.ldpPost, "load", "post"],
  ] as const)("%s", (_name, encode, op, mode) => {
    for (const [rt, rt2, rn] of THREES) {
      const word = encode(rt, rt2, rn, 16);
      const overlaps = rn !== 31 && (rt === rn || rt2 === rn);
      if (overlaps || (op === "load" && rt === rt2)) expect(explain(word)).toMatch(/^constrained unpredictable/);
      else says(word, { kind: "accessPair", op, mode, rt, rt2, rn: orSp(rn), offset: 16 });
    }
    for (const offset of [-512, -504, -8, 0, 8, 504]) {
      const [rt, rt2, rn] = [X[29]!, X[30]!, X[31]!];
      says(encode(rt, rt2, rn, offset), { kind: "accessPair", op, mode, rt, rt2, rn: SP, offset });
    }
    for (const offset of [-520, -513, -4, 1, 4, 505, 512]) refuses(encode(X[0]!, X[1]!, X[31]!, offset), "offset");
  });
  test("push and pop", () => {
    expect(access.push(X[29]!, X[30]!)).toBe(0xa9bf7bfd);
    expect(access.pop(X[29]!, X[30]!)).toBe(0xa8c17bfd);
  });
});

describe("atomics", () => {
  test("ldxr", () => {
    for (const is64 of WIDTHS) {
      for (const [rt, rn] of PAIRS) {
        const expected = { kind: "loadExclusive", acquire: false, width: width(is64), rt, rn: orSp(rn) } as const;
        says(atomic.ldxr(is64, rt, rn), expected);
      }
    }
  });
  test.each([
    ["stxr", atomic.stxr, false],
    ["stlxr", atomic.stlxr, true],
  ] as const)("%s", (_name, encode, release) => {
    for (const is64 of WIDTHS) {
      for (const [rs, rt, rn] of THREES) {
        const word = encode(is64, rs, rt, rn);
        const overlaps = rs === rt || (rs === rn && rn !== 31);
        if (overlaps) expect(explain(word)).toMatch(/^constrained unpredictable: status register/);
        else says(word, { kind: "storeExclusive", release, width: width(is64), rs, rt, rn: orSp(rn) });
      }
    }
  });
  test.each([
    ["ldadd", atomic.ldadd, "add"],
    ["ldclr", atomic.ldclr, "clr"],
    ["ldeor", atomic.ldeor, "eor"],
    ["ldset", atomic.ldset, "set"],
    ["swp", atomic.swp, "swp"],
  ] as const)("%s", (_name, encode, op) => {
    for (const is64 of WIDTHS) {
      for (const order of [atomic.RELAXED, atomic.ACQUIRE_RELEASE]) {
        const ordered = order === atomic.ACQUIRE_RELEASE;
        for (const [rs, rt, rn] of THREES) {
          says(encode(is64, order, rs, rt, rn), {
            kind: "atomicMemory",
            op,
            acquire: ordered,
            release: ordered,
            width: width(is64),
            rs,
            rt,
            rn: orSp(rn),
          });
        }
      }
    }
  });
  test("casal", () => {
    for (const is64 of WIDTHS) {
      for (const [rs, rt, rn] of THREES) {
        const expected = { kind: "compareAndSwap", acquire: true, release: true, rs, rt, rn: orSp(rn) } as const;
        says(atomic.casal(is64, rs, rt, rn), { ...expected, width: width(is64) });
      }
    }
  });
  test.each([
    ["stadd", atomic.stadd, atomic.ldadd],
    ["stclr", atomic.stclr, atomic.ldclr],
    ["steor", atomic.steor, atomic.ldeor],
    ["stset", atomic.stset, atomic.ldset],
  ] as const)("%s discards the old value", (_name, store, load) => {
    for (const is64 of WIDTHS) expect(store(is64, X[3]!, X[4]!)).toBe(load(is64, 0, X[3]!, X[31]!, X[4]!));
  });
});
