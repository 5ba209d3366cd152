// Each encoder against words that an assembler makes of the same text, and each refusal at the edge of its field.

import { describe, expect, test } from "vitest";
import * as addSub from "./add-sub.js";
import * as arithmetic from "./arithmetic.js";
import * as atomic from "./atomic.js";
import * as bitfield from "./bitfield.js";
import * as branch from "./branch.js";
import * as loadStore from "./load-store.js";
import * as logical from "./logical.js";
import * as moveWide from "./move-wide.js";
import { reg, SP, X, ZR } from "./registers.js";
import * as system from "./system.js";
import { type Encoded, FILL, isRefusal, type Refusal, type RefusalName, refusalName } from "./word.js";

const [x0, x1, x2, x3, x7, x9] = [0, 1, 2, 3, 7, 9].map(reg) as [
  typeof SP,
  typeof SP,
  typeof SP,
  typeof SP,
  typeof SP,
  typeof SP,
];
const shown = (encoded: Encoded): string => (isRefusal(encoded) ? refusalName(encoded) : encoded.toString(16));

describe("words", () => {
  test.each<[string, Encoded, number]>([
    ["add x0, x1, #0", addSub.mov(1, x0, x1), 0x9100_0020],
    ["mov x29, sp", addSub.mov(1, reg(29), SP), 0x9100_03fd],
    ["add w0, w1, #4095", addSub.addImm(0, x0, x1, 4095), 0x113f_fc20],
    ["add x0, x1, #1, lsl #12", addSub.addImm(1, x0, x1, 4096), 0x9140_0420],
    ["sub sp, sp, #512", addSub.subImm(1, SP, SP, 512), 0xd108_03ff],
    ["cmp w9, #7", addSub.cmpImm(0, x9, 7), 0x7100_1d3f],
    ["cmn x9, #7", addSub.cmnImm(1, x9, 7), 0xb100_1d3f],
    ["add x0, x1, x2", addSub.addReg(1, x0, x1, x2), 0x8b02_0020],
    ["sub x0, x1, x2", addSub.subReg(1, x0, x1, x2), 0xcb02_0020],
    ["cmp x1, x2", addSub.cmpReg(1, x1, x2), 0xeb02_003f],
    ["neg w0, w1", addSub.neg(0, x0, x1), 0x4b01_03e0],
    ["and x0, x1, x2", logical.andReg(1, x0, x1, x2), 0x8a02_0020],
    ["orr w0, w1, w2", logical.orrReg(0, x0, x1, x2), 0x2a02_0020],
    ["eor x0, x1, x2", logical.eorReg(1, x0, x1, x2), 0xca02_0020],
    ["tst x1, x2", logical.tstReg(1, x1, x2), 0xea02_003f],
    ["mvn x0, x1", logical.mvn(1, x0, x1), 0xaa21_03e0],
    ["and x0, x1, #0xff00", logical.andImm(1, x0, x1, 0xff00), 0x9278_1c20],
    ["orr w0, wzr, #0x80003fff", logical.orrImm(0, x0, ZR, 0x8000_3fff), 0x3201_3be0],
    ["eor x0, x1, #0xfffffffffffffffe", logical.eorImm(1, x0, x1, -2), 0xd27f_f820],
    ["tst w1, #1", logical.tstImm(0, x1, 1), 0x7200_003f],
    ["movz x0, #42", moveWide.movz(1, x0, 42, 0), 0xd280_0540],
    ["movn w0, #7, lsl #16", moveWide.movn(0, x0, 7, 16), 0x12a0_00e0],
    ["movk x0, #0xffff, lsl #48", moveWide.movk(1, x0, 0xffff, 48), 0xf2ff_ffe0],
    ["lsl x0, x1, #3", bitfield.lslImm(1, x0, x1, 3), 0xd37d_f020],
    ["lsl w0, w1, #0", bitfield.lslImm(0, x0, x1, 0), 0x5300_7c20],
    ["lsr w0, w1, #31", bitfield.lsrImm(0, x0, x1, 31), 0x531f_7c20],
    ["asr x0, x1, #63", bitfield.asrImm(1, x0, x1, 63), 0x937f_fc20],
    ["sxtb w0, w1", bitfield.sxtb(0, x0, x1), 0x1300_1c20],
    ["sxth x0, w1", bitfield.sxth(1, x0, x1), 0x9340_3c20],
    ["sxtw x0, w1", bitfield.sxtw(x0, x1), 0x9340_7c20],
    ["uxth w0, w1", bitfield.uxth(0, x0, x1), 0x5300_3c20],
    ["ubfx w0, w1, #0, #32", bitfield.uxtw(0, x0, x1), 0x5300_7c20],
    ["mul x0, x1, x2", arithmetic.mul(1, x0, x1, x2), 0x9b02_7c20],
    ["madd w0, w1, w2, w3", arithmetic.madd(0, x0, x1, x2, x3), 0x1b02_0c20],
    ["msub x0, x1, x2, x3", arithmetic.msub(1, x0, x1, x2, x3), 0x9b02_8c20],
    ["udiv w0, w1, w2", arithmetic.udiv(0, x0, x1, x2), 0x1ac2_0820],
    ["sdiv x0, x1, x2", arithmetic.sdiv(1, x0, x1, x2), 0x9ac2_0c20],
    ["lsl x0, x1, x2", arithmetic.lslv(1, x0, x1, x2), 0x9ac2_2020],
    ["lsr w0, w1, w2", arithmetic.lsrv(0, x0, x1, x2), 0x1ac2_2420],
    ["asr x0, x1, x2", arithmetic.asrv(1, x0, x1, x2), 0x9ac2_2820],
    ["rev16 x0, x1", arithmetic.rev16(1, x0, x1), 0xdac0_0420],
    ["rev w0, w1", arithmetic.rev32(0, x0, x1), 0x5ac0_0820],
    ["rev x0, x1", arithmetic.rev64(x0, x1), 0xdac0_0c20],
    ["b #-4", branch.b(-4), 0x17ff_ffff],
    ["bl #8", branch.bl(8), 0x9400_0002],
    ["b.ls #-8", branch.bCond(branch.COND.ls, -8), 0x54ff_ffc9],
    ["cbz x1, #8", branch.cbz(1, x1, 8), 0xb400_0041],
    ["cbnz w1, #-12", branch.cbnz(0, x1, -12), 0x35ff_ffa1],
    ["br x9", branch.br(x9), 0xd61f_0120],
    ["blr x9", branch.blr(x9), 0xd63f_0120],
    ["ret", branch.ret(reg(30)), 0xd65f_03c0],
    ["adr x30, #8", branch.adr(reg(30), 8), 0x1000_005e],
    ["adr x0, #-1", branch.adr(x0, -1), 0x70ff_ffe0],
    ["ldrb w0, [x1, #4095]", loadStore.ldrImm(0, x0, x1, 4095), 0x397f_fc20],
    ["ldr x0, [sp, #32760]", loadStore.ldrImm(3, x0, SP, 32760), 0xf97f_ffe0],
    ["strh w0, [x1, #2]", loadStore.strImm(1, x0, x1, 2), 0x7900_0420],
    ["ldrsw x0, [x1, #4]", loadStore.ldrsImm(2, x0, x1, 4), 0xb980_0420],
    ["ldr w0, [x1, x2]", loadStore.ldrReg(2, x0, x1, x2), 0xb862_6820],
    ["str x0, [x1, x2]", loadStore.strReg(3, x0, x1, x2), 0xf822_6820],
    ["ldrsb x0, [x1, x2, sxtx]", loadStore.ldrsReg(0, x0, x1, x2), 0x38a2_e820],
    ["ldr x0, #8", loadStore.ldrLiteral(1, x0, 8), 0x5800_0040],
    ["stp x29, x30, [sp, #-16]!", loadStore.push(reg(29), reg(30)), 0xa9bf_7bfd],
    ["ldp xzr, x26, [sp], #16", loadStore.pop(ZR, reg(26)), 0xa8c1_6bff],
    ["ldxr x7, [x1]", atomic.ldxr(1, x7, x1), 0xc85f_7c27],
    ["stxr w3, w7, [x1]", atomic.stxr(0, x3, x7, x1), 0x8803_7c27],
    ["stlxr w3, x7, [x1]", atomic.stlxr(1, x3, x7, x1), 0xc803_fc27],
    ["ldarb w0, [x1]", atomic.ldar(0, x0, x1), 0x08df_fc20],
    ["ldar x0, [x1]", atomic.ldar(3, x0, x1), 0xc8df_fc20],
    ["stlrh w0, [x1]", atomic.stlr(1, x0, x1), 0x489f_fc20],
    ["stadd x0, [x1]", atomic.stadd(1, x0, x1), 0xf820_003f],
    ["stclr w0, [x1]", atomic.stclr(0, x0, x1), 0xb820_103f],
    ["steor x0, [x1]", atomic.steor(1, x0, x1), 0xf820_203f],
    ["stset x0, [x1]", atomic.stset(1, x0, x1), 0xf820_303f],
    ["ldaddal x0, x2, [x1]", atomic.ldadd(1, atomic.ACQUIRE_RELEASE, x0, x2, x1), 0xf8e0_0022],
    ["ldclral w0, w2, [x1]", atomic.ldclr(0, atomic.ACQUIRE_RELEASE, x0, x2, x1), 0xb8e0_1022],
    ["ldeoral x0, x2, [x1]", atomic.ldeor(1, atomic.ACQUIRE_RELEASE, x0, x2, x1), 0xf8e0_2022],
    ["ldsetal x0, x2, [x1]", atomic.ldset(1, atomic.ACQUIRE_RELEASE, x0, x2, x1), 0xf8e0_3022],
    ["swpal w0, w2, [x1]", atomic.swp(0, atomic.ACQUIRE_RELEASE, x0, x2, x1), 0xb8e0_8022],
    ["casal x7, x2, [x1]", atomic.casal(1, x7, x2, x1), 0xc8e7_fc22],
    ["mrs x10, sp_el0", system.mrs(reg(10), system.SYSREG.spEl0), 0xd538_410a],
    ["mrs x10, tpidr_el1", system.mrs(reg(10), system.SYSREG.tpidrEl1), 0xd538_d08a],
    ["hint #0x19", system.PACIASP, 0xd503_233f],
    ["hint #0x1d", system.AUTIASP, 0xd503_23bf],
    ["hint #0x26", system.BTI_JC, 0xd503_24df],
    ["hint #0x16", system.CLEARBHB, 0xd503_22df],
    ["brk #0x100", FILL, 0xd420_2000],
    ["mrs x10, tpidr_el2", system.mrs(reg(10), system.SYSREG.tpidrEl2), 0xd53c_d04a],
  ])("%s", (_text, encoded, expected) => {
    expect(shown(encoded)).toBe(expected.toString(16));
  });
});

describe("refusals at the edges", () => {
  const MiB = 1024 * 1024;
  test.each<[string, (x: number) => Encoded, number[], number[], RefusalName]>([
    ["add", (x) => addSub.addImm(1, x0, x1, x), [0, 4095, 4096, 0xff_f000], [-1, 4097, 0x100_0000, -4096], "immediate"],
    ["movz 64", (x) => moveWide.movz(1, x0, x, 0), [0, 0xffff], [-1, 0x1_0000], "immediate"],
    ["movk shift 32", (x) => moveWide.movk(0, x0, 1, x), [0, 16], [8, 32, -16], "shift"],
    ["movk shift 64", (x) => moveWide.movk(1, x0, 1, x), [0, 16, 32, 48], [64, 15], "shift"],
    ["lsl 32", (x) => bitfield.lslImm(0, x0, x1, x), [0, 31], [-1, 32], "shift"],
    ["lsr 64", (x) => bitfield.lsrImm(1, x0, x1, x), [0, 63], [-1, 64], "shift"],
    ["asr 32", (x) => bitfield.asrImm(0, x0, x1, x), [0, 31], [-1, 32], "shift"],
    ["ldr x", (x) => loadStore.ldrImm(3, x0, x1, x), [0, 8, 32760], [-8, 4, 32768], "offset"],
    ["strb", (x) => loadStore.strImm(0, x0, x1, x), [0, 1, 4095], [-1, 4096], "offset"],
    ["stp", (x) => loadStore.stpPre(x0, x1, SP, x), [-512, 0, 504], [-520, 4, 512], "offset"],
    ["b", (x) => branch.b(x), [-128 * MiB, 128 * MiB - 4], [-128 * MiB - 4, 128 * MiB], "branchRange"],
    ["bl", (x) => branch.bl(x), [-128 * MiB, 128 * MiB - 4], [-128 * MiB - 4, 128 * MiB], "branchRange"],
    ["b.eq", (x) => branch.bCond(0, x), [-MiB, MiB - 4], [-MiB - 4, MiB], "branchRange"],
    ["cbz", (x) => branch.cbz(1, x0, x), [-MiB, MiB - 4], [-MiB - 4, MiB], "branchRange"],
    ["cbnz", (x) => branch.cbnz(1, x0, x), [-MiB, MiB - 4], [-MiB - 4, MiB], "branchRange"],
    ["ldr literal", (x) => loadStore.ldrLiteral(1, x0, x), [-MiB, MiB - 4], [-MiB - 4, MiB], "branchRange"],
    ["adr", (x) => branch.adr(x0, x), [-MiB, MiB - 1], [-MiB - 1, MiB], "branchRange"],
    ["b, misaligned", (x) => branch.b(x), [4], [2, -1, 5], "branchAlignment"],
    ["b.eq, misaligned", (x) => branch.bCond(0, x), [4], [2, -1], "branchAlignment"],
    ["and", (x) => logical.andImm(1, x0, x1, x), [1, -2, 0x7fff_ffff], [0, -1, 5], "bitmask"],
  ])("%s", (_name, encode, good, bad, why) => {
    expect(good.map(encode).filter(isRefusal)).toEqual([]);
    expect(bad.map(encode).map(shown)).toEqual(bad.map(() => why));
  });

  test("a number that is no refusal has no name, and a register above 31 does not exist", () => {
    expect(() => refusalName(7 as unknown as Refusal)).toThrow("7 is not a refusal");
    expect(() => reg(32)).toThrow("register 32 does not exist");
    expect(X).toHaveLength(32);
  });
});
