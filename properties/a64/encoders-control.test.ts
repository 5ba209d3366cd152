// Encoders of branches and system instructions. See encoder-testing.ts.

import { describe, expect, test } from "vitest";
import * as branch from "../../impl/a64/branch.js";
import { X } from "../../impl/a64/registers.js";
import * as system from "../../impl/a64/system.js";
import { refuses, says, WIDTHS, width } from "./encoder-testing.js";

const FAR = 128 * 2 ** 20;
const NEAR = 2 ** 20;

describe("branches", () => {
  test.each([
    ["b", branch.b, false],
    ["bl", branch.bl, true],
  ] as const)("%s reaches 128 MiB", (_name, encode, link) => {
    for (const offset of [-FAR, -FAR + 4, -4, 0, 4, FAR - 4]) says(encode(offset), { kind: "branch", link, offset });
    for (const offset of [-FAR - 4, -FAR - 1, FAR, FAR + 4, 2 ** 31, 2 ** 32]) refuses(encode(offset), "branchRange");
    for (const offset of [1, 2, 3, -1, FAR - 1]) refuses(encode(offset), "branchAlignment");
  });
  test("bCond reaches 1 MiB", () => {
    expect(Object.values(branch.COND)).toEqual([0, 1, 2, 3, 8, 9, 10, 11, 12, 13]);
    for (const condition of Object.values(branch.COND)) {
      for (const offset of [-NEAR, -4, 0, 4, NEAR - 4]) {
        says(branch.bCond(condition, offset), { kind: "branchConditional", condition, offset });
      }
      for (const offset of [-NEAR - 4, NEAR, 2 ** 32]) refuses(branch.bCond(condition, offset), "branchRange");
      for (const offset of [2, -1]) refuses(branch.bCond(condition, offset), "branchAlignment");
    }
  });
  test.each([
    ["cbz", branch.cbz, false],
    ["cbnz", branch.cbnz, true],
  ] as const)("%s reaches 1 MiB", (_name, encode, nonzero) => {
    for (const is64 of WIDTHS) {
      for (const rt of X) {
        for (const offset of [-NEAR, -4, 0, 4, NEAR - 4]) {
          says(encode(is64, rt, offset), { kind: "compareAndBranch", nonzero, width: width(is64), rt, offset });
        }
      }
      for (const offset of [-NEAR - 4, NEAR, 2 ** 32]) refuses(encode(is64, X[0]!, offset), "branchRange");
      for (const offset of [2, -1]) refuses(encode(is64, X[0]!, offset), "branchAlignment");
    }
  });
  test("adr reaches every byte of 1 MiB", () => {
    for (const rd of X) {
      for (const offset of [-NEAR, -5, -1, 0, 1, 2, 3, 8, NEAR - 1]) {
        says(branch.adr(rd, offset), { kind: "address", rd, offset });
      }
    }
    for (const offset of [-NEAR - 1, NEAR]) refuses(branch.adr(X[0]!, offset), "branchRange");
  });
  test.each([
    ["br", branch.br],
    ["blr", branch.blr],
    ["ret", branch.ret],
  ] as const)("%s", (op, encode) => {
    for (const rn of X) says(encode(rn), { kind: "branchRegister", op, rn });
  });
});

describe("system", () => {
  test("hints", () => {
    says(system.NOP, { kind: "hint", imm7: 0 });
    says(system.PACIASP, { kind: "hint", imm7: 25 });
    says(system.AUTIASP, { kind: "hint", imm7: 29 });
    says(system.BTI_C, { kind: "hint", imm7: 34 });
    says(system.BTI_J, { kind: "hint", imm7: 36 });
    says(system.BTI_JC, { kind: "hint", imm7: 38 });
    says(system.CLEARBHB, { kind: "hint", imm7: 22 });
    for (const imm7 of [0, 22, 25, 127]) says(system.hint(imm7), { kind: "hint", imm7 });
    for (const imm7 of [-1, 128]) refuses(system.hint(imm7), "immediate");
  });
  test("barriers", () => {
    says(system.DMB_ISH, { kind: "barrier", op: "dmb", option: 11 });
    says(system.DSB_ISH, { kind: "barrier", op: "dsb", option: 11 });
    says(system.ISB, { kind: "barrier", op: "isb", option: 0 });
  });
  test("exceptions", () => {
    says(system.HVC_0, { kind: "exception", op: "hvc", imm16: 0 });
    says(system.SMC_0, { kind: "exception", op: "smc", imm16: 0 });
    for (const imm16 of [0, 1, 0x100, 0xffff]) says(system.brk(imm16), { kind: "exception", op: "brk", imm16 });
    for (const imm16 of [-1, 0x1_0000]) refuses(system.brk(imm16), "immediate");
  });
  test("system registers", () => {
    for (const rt of X) {
      says(system.mrs(rt, system.SYSREG.tpidrEl1), { kind: "readSystem", register: "tpidr_el1", rt });
      says(system.mrs(rt, system.SYSREG.tpidrEl2), { kind: "readSystem", register: "tpidr_el2", rt });
      says(system.mrs(rt, system.SYSREG.spEl0), { kind: "readSystem", register: "sp_el0", rt });
    }
  });
});
