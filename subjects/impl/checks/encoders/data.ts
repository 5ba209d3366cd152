// Arithmetic, wide moves, bitfields.

import * as addSub from "../../../../impl/a64/add-sub.js";
import * as arithmetic from "../../../../impl/a64/arithmetic.js";
import * as bitfield from "../../../../impl/a64/bitfield.js";
import * as moveWide from "../../../../impl/a64/move-wide.js";
import { type Is64, type Reg, ZR } from "../../../../impl/a64/registers.js";
import type { Insn } from "../../../../spec/a64/insn.js";
import { type Form, form, number, orSp, REG, type Says, WIDTH, width } from "./form.js";

const IMM12 = number(26, [
  ...[0, 1, 0xffe, 0xfff, 0x1000, 0x1001, 0x2000, 0x80_0000, 0xff_efff, 0xff_f000, 0xff_f001, 0x100_0000, 0x100_1000],
  ...[-1, -0x1000, 2 ** 31, -(2 ** 31), 2 ** 32],
]);

type Op = "add" | "sub";
/** 12 bits, as they are or shifted left by 12. */
function addSubImmediate(op: Op, setFlags: boolean, is64: Is64, rd: number, rn: Reg, value: number): Says {
  const shift = value < 0x1000 ? 0 : 12;
  const imm12 = value / 2 ** shift;
  if (!Number.isInteger(imm12) || imm12 < 0 || imm12 > 0xfff) return "immediate";
  return {
    ...{ kind: "addSubImmediate", op, setFlags, width: width(is64), rd, rn: orSp(rn) },
    ...{ imm12, shift, value: BigInt(value) },
  };
}
const addSubRegister = (op: Op, setFlags: boolean, is64: Is64, rd: number, rn: Reg, rm: Reg): Says => ({
  ...{ kind: "addSubShifted", op, setFlags, width: width(is64), rd, rn, rm },
  ...{ shift: "lsl", amount: 0 },
});

const ADD_SUB: readonly Form[] = [
  form("addImm", [WIDTH, REG, REG, IMM12], addSub.addImm, (w, d, n, imm) =>
    addSubImmediate("add", false, w, orSp(d), n, imm),
  ),
  form("subImm", [WIDTH, REG, REG, IMM12], addSub.subImm, (w, d, n, imm) =>
    addSubImmediate("sub", false, w, orSp(d), n, imm),
  ),
  form("addsImm", [WIDTH, REG, REG, IMM12], addSub.addsImm, (w, d, n, imm) =>
    addSubImmediate("add", true, w, d, n, imm),
  ),
  form("subsImm", [WIDTH, REG, REG, IMM12], addSub.subsImm, (w, d, n, imm) =>
    addSubImmediate("sub", true, w, d, n, imm),
  ),
  form("cmpImm", [WIDTH, REG, IMM12], addSub.cmpImm, (w, n, imm) => addSubImmediate("sub", true, w, ZR, n, imm)),
  form("cmnImm", [WIDTH, REG, IMM12], addSub.cmnImm, (w, n, imm) => addSubImmediate("add", true, w, ZR, n, imm)),
  form("addReg", [WIDTH, REG, REG, REG], addSub.addReg, (w, d, n, m) => addSubRegister("add", false, w, d, n, m)),
  form("subReg", [WIDTH, REG, REG, REG], addSub.subReg, (w, d, n, m) => addSubRegister("sub", false, w, d, n, m)),
  form("subsReg", [WIDTH, REG, REG, REG], addSub.subsReg, (w, d, n, m) => addSubRegister("sub", true, w, d, n, m)),
  form("cmpReg", [WIDTH, REG, REG], addSub.cmpReg, (w, n, m) => addSubRegister("sub", true, w, ZR, n, m)),
  form("neg", [WIDTH, REG, REG], addSub.neg, (w, d, m) => addSubRegister("sub", false, w, d, ZR, m)),
  form("mov", [WIDTH, REG, REG], addSub.mov, (w, d, n) => addSubImmediate("add", false, w, orSp(d), n, 0)),
];

const IMM16 = number(18, [0, 1, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x1_0000, 0x1_0001, -1]);
const QUARTERS = number(7, [0, 16, 32, 48, -16, 1, 8, 15, 17, 24, 49, 63, 64]);
const MOVE_WIDE: readonly Form[] = (["movn", "movz", "movk"] as const).map((op) =>
  form(op, [WIDTH, REG, IMM16, QUARTERS], moveWide[op], (w, rd, imm16, at) => {
    if (imm16 < 0 || imm16 > 0xffff) return "immediate";
    const shift = ([0, 16, 32, 48] as const).find((quarter) => quarter === at && quarter < width(w));
    return shift === undefined ? "shift" : { kind: "moveWide", op, width: width(w), rd, imm16, shift };
  }),
);

const AMOUNTS = Array.from({ length: 68 }, (_, i) => i - 2);
const AMOUNT = number(6, AMOUNTS);
const field = (op: Insn<"bitfield">["op"], w: Is64, rd: Reg, rn: Reg, immr: number, imms: number): Says => {
  const fits = [immr, imms].every((bit) => bit >= 0 && bit < width(w));
  return fits ? { kind: "bitfield", op, width: width(w), rd, rn, immr, imms } : "shift";
};
/** The low `bits` bits, sign-extended or not. */
const extension = (name: "sxtb" | "sxth" | "uxth" | "uxtw", op: Insn<"bitfield">["op"], bits: number): Form =>
  form(name, [WIDTH, REG, REG], bitfield[name], (w, d, n) => field(op, w, d, n, 0, bits - 1));

const BITFIELD: readonly Form[] = [
  form("lslImm", [WIDTH, REG, REG, AMOUNT], bitfield.lslImm, (w, d, n, by) =>
    by === 0 ? field("ubfm", w, d, n, 0, width(w) - 1) : field("ubfm", w, d, n, width(w) - by, width(w) - 1 - by),
  ),
  form("lsrImm", [WIDTH, REG, REG, AMOUNT], bitfield.lsrImm, (w, d, n, by) => field("ubfm", w, d, n, by, width(w) - 1)),
  form("asrImm", [WIDTH, REG, REG, AMOUNT], bitfield.asrImm, (w, d, n, by) => field("sbfm", w, d, n, by, width(w) - 1)),
  extension("sxtb", "sbfm", 8),
  extension("sxth", "sbfm", 16),
  extension("uxth", "ubfm", 16),
  extension("uxtw", "ubfm", 32),
  form("sxtw", [REG, REG], bitfield.sxtw, (d, n) => field("sbfm", 1, d, n, 0, 31)),
];

const TWO_SOURCE = (["udiv", "sdiv", "lslv", "lsrv", "asrv"] as const).map((op) =>
  form(op, [WIDTH, REG, REG, REG], arithmetic[op], (w, rd, rn, rm) => ({
    ...{ kind: "twoSource", op, width: width(w), rd, rn, rm },
  })),
);
const THREE_SOURCE = (["madd", "msub"] as const).map((op) =>
  form(op, [WIDTH, REG, REG, REG, REG], arithmetic[op], (w, rd, rn, rm, ra) => ({
    ...{ kind: "threeSource", op, width: width(w), rd, rn, rm, ra },
  })),
);
const REVERSE = ([16, 32] as const).map((bits) =>
  form(`rev${bits}`, [WIDTH, REG, REG], arithmetic[`rev${bits}`], (w, rd, rn) => ({
    ...{ kind: "reverse", bits, width: width(w), rd, rn },
  })),
);
const ARITHMETIC: readonly Form[] = [
  ...TWO_SOURCE,
  ...THREE_SOURCE,
  ...REVERSE,
  form("rev64", [REG, REG], arithmetic.rev64, (rd, rn) => ({ kind: "reverse", bits: 64, width: 64, rd, rn })),
  form("mul", [WIDTH, REG, REG, REG], arithmetic.mul, (w, rd, rn, rm) => ({
    ...{ kind: "threeSource", op: "madd", width: width(w), rd, rn, rm, ra: ZR },
  })),
];

export const DATA: readonly Form[] = [...ADD_SUB, ...MOVE_WIDE, ...BITFIELD, ...ARITHMETIC];
