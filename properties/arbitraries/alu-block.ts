// Arithmetic on registers: every row of the table's ALU forms equally often, every register as either operand.

import { type AluOp, type AluRow, type EndRow, type MovsxRow, type NegRow, ROWS } from "../../spec/bpf/isa.js";
import type { Body } from "./body.js";
import { divisor, immediate, shift } from "./immediates.js";

type ArithmeticRow = AluRow | NegRow | MovsxRow | EndRow;
export const ARITHMETIC: readonly ArithmeticRow[] = ROWS.filter(
  (row): row is ArithmeticRow => row.kind === "alu" || row.kind === "neg" || row.kind === "movsx" || row.kind === "end",
);

/** One instruction, preceded by constants for registers that it needs. */
export function arithmetic(body: Body): void {
  const { draw } = body;
  const row = draw.pick(ARITHMETIC);
  const src = row.src === "r" ? operandFor(body, row) : 0;
  const dst =
    row.dst === "w" ? body.target() : row.src === "r" && draw.chance(5) ? sameIfMutable(body, src) : body.mutable();
  body.emit(row, dst, src, 0, row.kind === "alu" ? operandOf(body, row) : 0);
  body.computed(dst);
}

/** Quotients are 0 and remainders dull unless the divisor is small. */
function operandFor(body: Body, row: ArithmeticRow): number {
  if (row.kind !== "alu" || !DIVIDES.has(row.op) || body.draw.chance(50)) return body.operand();
  const register = body.target();
  body.constant(register, divisor(body.draw));
  return register;
}
const DIVIDES: ReadonlySet<AluOp> = new Set(["div", "sdiv", "mod", "smod"]);

const sameIfMutable = (body: Body, register: number): number => (body.isLocked(register) ? body.mutable() : register);

function operandOf(body: Body, row: AluRow): number {
  if (row.imm === "divisor") return divisor(body.draw);
  if (row.imm === "shift") return shift(body.draw, row.width);
  return row.imm === "any" ? immediate(body.draw) : 0;
}
