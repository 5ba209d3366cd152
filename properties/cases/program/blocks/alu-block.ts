// Arithmetic on registers: every row of the table's ALU forms equally often, every register as either operand. And a block:
// items from the menu of the case, one after the other. Items that find nothing to work on (no pointer, no free register)
// append nothing; arithmetic always finds something.

import type { AluOp, AluRow } from "../../../../spec/bpf/isa.js";
import type { Body } from "./body.js";
import { divisor, immediate, shift } from "./immediates.js";
import { ALL } from "./registers.js";
import type { ArithmeticRow } from "./rows.js";

/** One instruction, preceded by constants for registers that it needs. */
export function arithmetic(body: Body): void {
  const { draw } = body;
  const row = draw.pick(body.plan.rows.arithmetic);
  if (row.kind === "alu" && (row.op === "sdiv" || row.op === "smod") && draw.chance(15)) {
    overflow(body, row);
    return;
  }
  const src = row.src === "r" ? operandFor(body, row) : 0;
  const dst =
    row.dst === "w" ? body.target() : row.src === "r" && draw.chance(5) ? sameIfMutable(body, src) : body.mutable();
  body.emit(row, dst, src, 0, row.kind === "alu" ? operandOf(body, row) : 0);
  body.computed(dst);
}

/** Quotients are 0 and remainders dull unless the divisor is small. */
function operandFor(body: Body, row: ArithmeticRow): number {
  if (row.kind !== "alu" || !isDivision(row.op) || body.draw.chance(50)) return body.operand();
  const register = body.target();
  body.constant(register, body.draw.chance(15) ? 0 : divisor(body.draw));
  return register;
}
const isDivision = (op: AluOp): boolean => op === "div" || op === "sdiv" || op === "mod" || op === "smod";

/** The least number divided by -1: its quotient does not fit. */
function overflow(body: Body, row: AluRow): void {
  const dst = body.target();
  if (row.width === 64) body.wide(dst, 0, LEAST);
  else body.constant(dst, LEAST);
  const src = row.operand === "reg" ? body.target(ALL & ~(1 << dst)) : 0;
  // There may be no other register.
  if (row.operand === "reg" && src === dst) return;
  if (row.operand === "reg") body.constant(src, -1);
  body.emit(row, dst, src, 0, row.operand === "imm" ? -1 : 0);
  body.computed(dst);
}
const LEAST = -0x8000_0000;

const sameIfMutable = (body: Body, register: number): number => (body.isLocked(register) ? body.mutable() : register);

function operandOf(body: Body, row: AluRow): number {
  if (row.imm === "divisor") return divisor(body.draw);
  if (row.imm === "shift") return shift(body.draw, row.width);
  return row.imm === "any" ? immediate(body.draw) : 0;
}

/** Append items until the function has at least `limit` slots. */
export function fillBlock(body: Body, limit: number): void {
  const { menu } = body.plan;
  while (body.here < limit) {
    const before = body.here;
    body.draw.pick(menu)(body);
    if (body.here === before) arithmetic(body);
  }
}

/** A block of its own length, from a few slots up to what the function may still grow by. */
export function innerBlock(body: Body, longest: number): void {
  const room = Math.max(1, Math.min(longest, body.limit - body.here));
  fillBlock(body, body.here + body.draw.between(1, room));
}
