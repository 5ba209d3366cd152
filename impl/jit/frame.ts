// The stack frame of a function: which callee-saved registers it saves, whether it needs the BPF frame pointer, and the
// size of its BPF stack. Fixed before the first word is emitted.

import { type Reg, reg, ZR } from "../a64/registers.js";
import type { JitFunction } from "./function.js";
import { ARENA_BASE, calleeSaved, PRIVATE_STACK } from "./registers.js";

export interface Frame {
  /** Pushed in this order and popped in reverse. */
  readonly pushed: readonly (readonly [Reg, Reg])[];
  /** Popped in this order; differs from `pushed` reversed only for an exception callback, which takes over a frame. */
  readonly popped: readonly (readonly [Reg, Reg])[];
  readonly usesFp: boolean;
  /** Bytes of BPF stack, a multiple of 16; a private one is not below SP. */
  readonly stackBytes: number;
  /** Bytes below it for arguments of calls, beyond the eight that registers hold; a multiple of 16. */
  readonly argumentBytes: number;
}

/** All that the procedure call standard asks to keep: what an exception boundary saves for whoever throws. */
const EVERYTHING = [19, 21, 23, 25, 27].map((n) => [reg(n), reg(n + 1)] as const);
const CALLEE_SAVED = [6, 7, 8, 9, 10];
const FRAME_POINTER = 10;
/** Of the arguments beyond five, so many go in registers. */
export const ARGUMENT_REGISTERS = 3;

/** @param setsFp whether an exception callback gets a frame pointer */
export function frameOf(fn: JitFunction, setsFp = true): Frame {
  const stackBytes = (fn.stackDepth + 15) & ~15;
  const argumentBytes = (8 * Math.max(0, (fn.stackArguments ?? 0) - ARGUMENT_REGISTERS) + 15) & ~15;
  if (fn.exceptionCallback === true) {
    return { pushed: [], popped: EVERYTHING.toReversed(), usesFp: setsFp, stackBytes, argumentBytes };
  }
  const used = registersNamed(fn);
  const namesFp = (used & (1 << FRAME_POINTER)) !== 0;
  const saved: Reg[] = [];
  for (const r of CALLEE_SAVED) if ((used & (1 << r)) !== 0) saved.push(calleeSaved(r));
  if (fn.privateStack !== undefined && namesFp) saved.push(PRIVATE_STACK);
  if (fn.arena !== undefined) saved.push(ARENA_BASE);
  const pushed = fn.exceptionBoundary === true ? EVERYTHING : pairs(saved);
  const usesFp = fn.exceptionBoundary === true || namesFp;
  return { pushed, popped: pushed.toReversed(), usesFp, stackBytes, argumentBytes };
}

/** A bit for each register that some slot names, whether the instruction reads that field or not. */
function registersNamed({ insns }: JitFunction): number {
  let used = 0;
  for (const { dst, src } of insns) used |= (1 << dst) | (1 << src);
  return used;
}

function pairs(registers: readonly Reg[]): (readonly [Reg, Reg])[] {
  const out: (readonly [Reg, Reg])[] = [];
  for (let i = 0; i < registers.length; i += 2) out.push([registers[i] ?? ZR, registers[i + 1] ?? ZR]);
  return out;
}
