// Branches, exceptions, hints, barriers and system registers: classes of the Arm manual's section "Branches, Exception
// Generating and System instructions".

import { bit, bits, type Decoded, rd, rn, signedBits, UNMODELLED, widthOf } from "./fields.js";
import { isModelledHint } from "./hints.js";
import type { SystemRegister } from "./insn.js";

/** B, BL. */
export function branch(word: number): Decoded {
  return { kind: "branch", link: bit(word, 31), offset: signedBits(word, 25, 0) * 4 };
}

/** B.cond; with bit 4 set it would be BC.cond. */
export function conditionalBranch(word: number): Decoded {
  if (bit(word, 4)) return UNMODELLED;
  return { kind: "branchConditional", condition: bits(word, 3, 0), offset: signedBits(word, 23, 5) * 4 };
}

/** CBZ, CBNZ. */
export function compareAndBranch(word: number): Decoded {
  return {
    kind: "compareAndBranch",
    nonzero: bit(word, 24),
    width: widthOf(word),
    rt: rd(word),
    offset: signedBits(word, 23, 5) * 4,
  };
}

const BRANCH_REGISTER = ["br", "blr", "ret"] as const;

/** BR, BLR, RET; the authenticating forms and ERET are not modelled. */
export function branchRegister(word: number): Decoded {
  const op = BRANCH_REGISTER[bits(word, 24, 21)];
  if (op === undefined || (word & 0x001f_fc1f) !== 0x001f_0000) return UNMODELLED;
  return { kind: "branchRegister", op, rn: rn(word) };
}

/** Everything that begins 0xd4 or 0xd5. */
export function exceptionOrBarrier(word: number): Decoded {
  return bit(word, 24) ? system(word) : exception(word);
}

/** By opc (bits 23..21), op2 and LL (bits 4..0), in their places. */
const EXCEPTIONS: ReadonlyMap<number, "brk" | "hvc" | "smc"> = new Map([
  [0x0000_0002, "hvc"],
  [0x0000_0003, "smc"],
  [0x0020_0000, "brk"],
]);

/** BRK, HVC, SMC. */
function exception(word: number): Decoded {
  const op = EXCEPTIONS.get(word & 0x00e0_001f);
  return op === undefined ? UNMODELLED : { kind: "exception", op, imm16: bits(word, 20, 5) };
}

/** op0:op1:CRn:CRm:op2 without op0's fixed upper bit, as they stand in bits 19..5. */
const SYSTEM_REGISTERS: ReadonlyMap<number, SystemRegister> = new Map([
  [0b1_000_1101_0000_100, "tpidr_el1"],
  [0b1_100_1101_0000_010, "tpidr_el2"],
  [0b1_000_0100_0001_000, "sp_el0"],
]);
const BARRIERS: Readonly<Record<number, "dsb" | "dmb" | "isb">> = { 4: "dsb", 5: "dmb", 6: "isb" };

/** HINT, DSB, DMB, ISB, MRS. */
function system(word: number): Decoded {
  if ((word & 0xffff_f01f) >>> 0 === 0xd503_201f) {
    const imm7 = bits(word, 11, 5);
    return isModelledHint(imm7) ? { kind: "hint", imm7 } : UNMODELLED;
  }
  if ((word & 0xffff_f01f) >>> 0 === 0xd503_301f) {
    const op = BARRIERS[bits(word, 7, 5)];
    return op === undefined ? UNMODELLED : { kind: "barrier", op, option: bits(word, 11, 8) };
  }
  if ((word & 0xfff0_0000) >>> 0 === 0xd530_0000) {
    const register = SYSTEM_REGISTERS.get(bits(word, 19, 5));
    return register === undefined ? UNMODELLED : { kind: "readSystem", register, rt: rd(word) };
  }
  return UNMODELLED;
}
