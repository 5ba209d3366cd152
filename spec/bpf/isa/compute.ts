// Rows that compute: arithmetic, negation, sign extension, byte order, 64-bit constants.

import { ALU32, ALU64, base, LD, OPERANDS, REGISTER_ONLY, SRC_REG, WIDTHS } from "./opcode.js";
import type { AluOp } from "./operations.js";
import { ALU, LDDW } from "./operations.js";
import type { AluRow, EndRow, Group, LddwHighRow, LddwRow, MovsxRow, NegRow, Width } from "./row.js";

const divmul = (width: Width): Group => (width === 64 ? "divmul64" : "divmul32");
const isDivmul = (op: AluOp): boolean => ["mul", "div", "sdiv", "mod", "smod"].includes(op);
const isSigned = (op: AluOp): boolean => op === "sdiv" || op === "smod";
const hasTwoMeanings = (code: number): boolean => code === 0x30 || code === 0x90;

export const aluRows: readonly AluRow[] = ALU.flatMap((alu) =>
  WIDTHS.flatMap(({ width, alu: klass, suffix }) =>
    OPERANDS.map((operand): AluRow => {
      // MOV from a register is told from MOVSX by its off, as DIV is told from SDIV.
      const selectsByOff = hasTwoMeanings(alu.code) || (alu.op === "mov" && operand === "reg");
      return {
        kind: "alu",
        id: `${alu.op}${suffix} ${operand}`,
        op: alu.op,
        width,
        operand,
        symbol: alu.symbol,
        opcode: klass | alu.code | (operand === "reg" ? SRC_REG : 0),
        group: isDivmul(alu.op) ? divmul(width) : base(width),
        cpu: isSigned(alu.op) ? 4 : 1,
        select: selectsByOff ? { off: alu.off } : {},
        dst: alu.op === "mov" ? "w" : "rw",
        src: operand === "reg" ? "r" : "none",
        off: selectsByOff ? "select" : "none",
        imm: operand === "reg" ? "none" : alu.imm,
      };
    }),
  ),
);

export const negRows: readonly NegRow[] = WIDTHS.map(({ width, alu, suffix }) => ({
  ...REGISTER_ONLY,
  kind: "neg",
  id: `neg${suffix}`,
  width,
  opcode: alu | 0x80,
  group: base(width),
  cpu: 1,
  dst: "rw",
  src: "none",
}));

export const movsxRows: readonly MovsxRow[] = WIDTHS.flatMap(({ width, alu, suffix }) =>
  ([8, 16, 32] as const)
    .filter((from) => from < width)
    .map(
      (from): MovsxRow => ({
        kind: "movsx",
        id: `movsx${suffix} ${from}`,
        width,
        from,
        opcode: alu | 0xb0 | SRC_REG,
        group: base(width),
        cpu: 4,
        select: { off: from },
        dst: "w",
        src: "r",
        off: "select",
        imm: "none",
      }),
    ),
);

export const endRows: readonly EndRow[] = (
  [
    { order: "le", opcode: ALU32 | 0xd0, cpu: 1 },
    { order: "be", opcode: ALU32 | 0xd0 | SRC_REG, cpu: 1 },
    { order: "swap", opcode: ALU64 | 0xd0, cpu: 4 },
  ] as const
).flatMap(({ order, opcode, cpu }) =>
  ([16, 32, 64] as const).map(
    (bits): EndRow => ({
      kind: "end",
      id: `${order}${bits}`,
      order,
      bits,
      opcode,
      group: bits === 64 ? "base64" : "base32",
      cpu,
      select: { imm: bits },
      dst: "rw",
      src: "none",
      off: "none",
      imm: "select",
    }),
  ),
);

export const lddwRows: readonly LddwRow[] = LDDW.map(({ source, src }) => ({
  kind: "lddw",
  id: `lddw ${source}`,
  source,
  opcode: LD | 0x18,
  group: "base64",
  cpu: 1,
  select: { src },
  dst: "w",
  src: "select",
  off: "none",
  imm: "low",
}));
export const lddwHighRow: LddwHighRow = {
  kind: "lddwHigh",
  id: "lddw high",
  opcode: 0x00,
  group: "base64",
  cpu: 1,
  select: {},
  dst: "none",
  src: "none",
  off: "none",
  imm: "high",
};
