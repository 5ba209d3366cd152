// Which A64 register holds which BPF register, and the registers that the JIT keeps for itself.

import { type Reg, reg } from "../a64/registers.js";
import type { Changes } from "../versions.js";

/** R0..R10 and AX. R0 is not x0: arguments and results of calls are moved. */
const MAP: readonly Reg[] = [7, 0, 1, 2, 3, 4, 19, 20, 21, 22, 25, 9].map(reg);
/** Since 7.2: x5..x7 pass arguments, R11 is their base in loads and stores and has no register, AX is R12. */
const MAP_WITH_STACK_ARGUMENTS: readonly Reg[] = [8, 0, 1, 2, 3, 4, 19, 20, 21, 22, 25, 0, 9].map(reg);

export const registerMap = ({ r0InX8 }: Changes): readonly Reg[] => (r0InX8 ? MAP_WITH_STACK_ARGUMENTS : MAP);

/**
 * Of the code of 6.12.
 *
 * @throws RangeError for a register that BPF does not have: the caller's decoder let it through.
 */
export function mapped(bpf: number): Reg {
  const r = MAP[bpf];
  if (r === undefined) throw new RangeError(`BPF register ${bpf} does not exist, expected 0..${MAP.length - 1}`);
  return r;
}

/** Callee-saved; the same in every version. */
export const calleeSaved = mapped;
/** Arguments of a tail call: the program array and the index into it. */
export const R2 = mapped(2);
export const R3 = mapped(3);
/** The frame pointer, set up only where it is used. */
export const BPF_FP = mapped(10);
/** Temporary of the verifier; holds the caller's return address on entry. */
export const AX = mapped(11);
/** The base of arguments beyond five, since 7.2: no register of the machine. */
export const STACK_ARGUMENTS = 11;
/** The base of a private stack. */
export const PRIVATE_STACK = reg(27);
export const TMP1 = reg(10);
export const TMP2 = reg(11);
export const TMP3 = reg(12);
/** Points to the tail-call counter in the frame of the program that was entered first. */
export const TAIL_CALL_COUNTER = reg(26);
export const ARENA_BASE = reg(28);
export const RETURNED = reg(0);
/** Written in exception entries for "clear no register": x5 holds nothing of BPF's. */
export const CLEAR_NOTHING = 5;
