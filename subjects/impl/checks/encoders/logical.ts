// Logical instructions, and every bitmask immediate that there is.

import { bitmask } from "../../../../impl/a64/bitmask.js";
import * as logical from "../../../../impl/a64/logical.js";
import { type Is64, type Reg, ZR } from "../../../../impl/a64/registers.js";
import { type Encoded, REFUSALS, type Word } from "../../../../impl/a64/word.js";
import { decode } from "../../../../spec/a64/decode.js";
import { s32, u32, u64 } from "../../../../spec/bits.js";
import { type Form, form, type Operand, orSp, REG, type Says, WIDTH, width } from "./form.js";

type Patterns = ReadonlyMap<bigint, number>;
/** Every pattern that exists, by value: the smallest N:immr:imms that stands for it, read off the decoder. */
export function patterns(is64: Is64): Patterns {
  const found = new Map<bigint, number>();
  for (let field = 8191; field >= 0; field--) {
    const insn = decode(((is64 << 31) | 0x1200_0000 | (field << 10)) >>> 0);
    if (insn?.kind === "logicalImmediate") found.set(insn.value, field);
  }
  return found;
}

interface Pattern {
  readonly is64: Is64;
  readonly value: bigint;
}
interface AllPatterns {
  readonly by: Readonly<Record<Is64, Patterns>>;
  readonly list: readonly Pattern[];
}
let known: AllPatterns | undefined;
/** Found at the first use, as most commands check no encoders. */
function all(): AllPatterns {
  if (known !== undefined) return known;
  const by = { 0: patterns(0), 1: patterns(1) };
  const list = ([1, 0] as const).flatMap((is64) => [...by[is64].keys()].map((value) => ({ is64, value })));
  known = { by, list };
  return known;
}
/** Each of them, and whatever differs from one by a bit. */
const PATTERN: Operand<Pattern> = {
  get values() {
    return all().list.flatMap(({ is64, value }, i) => [
      { is64, value },
      { is64, value: value ^ (1n << BigInt((i * 7) % width(is64))) },
    ]);
  },
  draw: (draw) => draw.pick(all().list),
};
const half = (value: bigint): number => Number(s32(value));

const BITMASK = form(
  "bitmask",
  [PATTERN],
  ({ is64, value }): Encoded => {
    const field = bitmask(is64, half(value >> 32n), half(value));
    return field < 0 ? REFUSALS.bitmask : (field as Word);
  },
  ({ is64, value }) => all().by[is64].get(value) ?? "bitmask",
);

/** Drawn are 32 bits that stand for a pattern of either width. */
const IMM: Operand<number> = {
  values: [0, 1, -1, -2, 5, 0xff00, 0x1234_5678, 0x7fff_ffff, -(2 ** 31), 0x5555_5555, -0x5555_5556, 0xffff],
  draw: (draw) => half(draw.pick(all().list).value),
};

type Op = "and" | "orr" | "eor" | "ands";
/** The immediate is sign-extended to the width. */
function immediate(op: Op, is64: Is64, rd: Reg, rn: Reg, imm: number): Says {
  const value = is64 === 1 ? u64(BigInt(imm)) : u32(BigInt(imm));
  if (!all().by[is64].has(value)) return "bitmask";
  return { kind: "logicalImmediate", op, width: width(is64), rd: op === "ands" ? rd : orSp(rd), rn, value };
}
const register = (op: Op, invert: boolean, is64: Is64, rd: Reg, rn: Reg, rm: Reg): Says => ({
  ...{ kind: "logicalShifted", op, invert, width: width(is64), rd, rn, rm },
  ...{ shift: "lsl", amount: 0 },
});

export const LOGICAL: readonly Form[] = [
  BITMASK,
  ...(["and", "orr", "eor", "ands"] as const).flatMap((op) => [
    form(`${op}Imm`, [WIDTH, REG, REG, IMM], logical[`${op}Imm`], (w, d, n, imm) => immediate(op, w, d, n, imm)),
    form(`${op}Reg`, [WIDTH, REG, REG, REG], logical[`${op}Reg`], (w, d, n, m) => register(op, false, w, d, n, m)),
  ]),
  form("ornReg", [WIDTH, REG, REG, REG], logical.ornReg, (w, d, n, m) => register("orr", true, w, d, n, m)),
  form("tstImm", [WIDTH, REG, IMM], logical.tstImm, (w, n, imm) => immediate("ands", w, ZR, n, imm)),
  form("tstReg", [WIDTH, REG, REG], logical.tstReg, (w, n, m) => register("ands", false, w, ZR, n, m)),
  form("movOrr", [WIDTH, REG, REG], logical.movOrr, (w, d, m) => register("orr", false, w, d, ZR, m)),
  form("mvn", [WIDTH, REG, REG], logical.mvn, (w, d, m) => register("orr", true, w, d, ZR, m)),
];
