// Arithmetic on constants, as far as it is needed to follow a frame pointer.

import type { AluOp } from "../isa.js";

/** The result where it is sure to be right and to fit: 32-bit operations only on what cannot wrap. */
export function fold(op: AluOp, width: 32 | 64, a: number, b: number): number | undefined {
  if (width === 32 && (a < 0 || b < 0)) return undefined;
  const result = anyWidth(op, a, b);
  if (result === undefined || !Number.isInteger(result)) return undefined;
  const fits = result >= (width === 32 ? 0 : -(2 ** 31)) && result < 2 ** 31;
  return fits ? result : undefined;
}

function anyWidth(op: AluOp, a: number, b: number): number | undefined {
  switch (op) {
    case "add":
      return a + b;
    case "sub":
      return a - b;
    case "mul":
      return a * b;
    case "and":
      return a & b;
    case "or":
      return a | b;
    case "xor":
      return a ^ b;
    case "lsh":
      return b >= 0 && b < 31 ? a * 2 ** b : undefined;
    default:
      return undefined;
  }
}
