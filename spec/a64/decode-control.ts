// Branches, exceptions, hints, barriers, maintenance and system registers: classes of the Arm manual's section "Branches,
// Exception Generating and System instructions". Offsets of branches are bytes from the branch.

import { bit, bits, orSp, rd, rn, row, signedBits, UNALLOCATED, UNMODELLED, widthOf } from "./fields.js";
import { maintenanceOf, takesRegister } from "./maintenance.js";
import { LR, ZR } from "./registers.js";
import {
  encodedSystemRegister,
  SYSTEM_REGISTER_NAMES,
  SYSTEM_REGISTERS,
  type SystemRegisterName,
} from "./system-registers.js";

/** B, BL. */
const branch = (word: number) =>
  ({ kind: "branch", link: bit(word, 31), offset: signedBits(word, 25, 0) * 4 }) as const;

/** B.cond. */
const branchConditional = (word: number) =>
  ({ kind: "branchConditional", condition: bits(word, 3, 0), offset: signedBits(word, 23, 5) * 4 }) as const;

/** CBZ, CBNZ. */
function compareAndBranch(word: number) {
  const operands = { width: widthOf(word), rt: rd(word), offset: signedBits(word, 23, 5) * 4 };
  return { kind: "compareAndBranch", nonzero: bit(word, 24), ...operands } as const;
}

/** TBZ, TBNZ of one bit, 0..63. */
function testAndBranch(word: number) {
  const tested = { rt: rd(word), bit: (bits(word, 31, 31) << 5) | bits(word, 23, 19) };
  return { kind: "testAndBranch", nonzero: bit(word, 24), ...tested, offset: signedBits(word, 18, 5) * 4 } as const;
}

const BRANCH_REGISTER = ["br", "blr", "ret"] as const;

/** BR, BLR, RET. */
function branchRegister(word: number) {
  const op = BRANCH_REGISTER[bits(word, 22, 21)];
  return op === undefined ? UNALLOCATED : ({ kind: "branchRegister", op, rn: rn(word) } as const);
}

/** BRAA, BLRAB, RETAA and their kin; the modifier is in rm or, undefined, zero. Returns go by LR and SP. */
function branchAuthenticated(word: number) {
  const op = BRANCH_REGISTER[bits(word, 22, 21)];
  const isOfZero = !bit(word, 24);
  if (op === undefined || (isOfZero && rd(word) !== 31)) return UNALLOCATED;
  const key = bit(word, 10) ? "b" : "a";
  if (op !== "ret") {
    const modifier = isOfZero ? undefined : orSp(rd(word));
    return { kind: "branchAuthenticated", op, key, rn: rn(word), rm: modifier } as const;
  }
  if (!isOfZero || rn(word) !== 31) return UNALLOCATED;
  return { kind: "branchAuthenticated", op, key, rn: LR, rm: orSp(ZR) } as const;
}

/** By opc (bits 23..21), op2 and LL (bits 4..0), in their places. */
const EXCEPTIONS: Readonly<Record<number, "hvc" | "smc" | "brk">> = { 2: "hvc", 3: "smc", 2097152: "brk" };

/** HVC, SMC, BRK. Kernel code has no SVC, and does not halt. */
function exception(word: number) {
  const op = EXCEPTIONS[word & 0x00e0_001f];
  return op === undefined ? UNMODELLED : ({ kind: "exception", op, imm16: bits(word, 20, 5) } as const);
}

const hint = (word: number) => ({ kind: "hint", imm7: bits(word, 11, 5) }) as const;

const BARRIERS: Readonly<Record<number, "clrex" | "dsb" | "dmb" | "isb" | "sb">> = {
  ...{ 2: "clrex", 4: "dsb", 5: "dmb", 6: "isb", 7: "sb" },
};

/** CLREX, DSB (with SSBB and PSSBB), DMB, ISB, SB. `option` is CRm. */
function barrier(word: number) {
  const op = BARRIERS[bits(word, 7, 5)];
  const option = bits(word, 11, 8);
  if (op === undefined || (op === "sb" && option !== 0)) return UNMODELLED;
  return { kind: "barrier", op, option } as const;
}

/** By op1 and op2: the field of PSTATE, and whether the number is one bit or a mask of DAIF. */
const STATE_FIELDS: ReadonlyMap<number, "daifset" | "daifclr" | "uao" | "pan" | "ssbs" | "dit"> = new Map([
  [0b011_110, "daifset"],
  [0b011_111, "daifclr"],
  [0b000_011, "uao"],
  [0b000_100, "pan"],
  [0b011_001, "ssbs"],
  [0b011_010, "dit"],
]);

/** MSR (immediate). */
function writeState(word: number) {
  const field = STATE_FIELDS.get((bits(word, 18, 16) << 3) | bits(word, 7, 5));
  return field === undefined ? UNMODELLED : ({ kind: "writeState", field, number: bits(word, 11, 8) } as const);
}

/** DC, IC, TLBI of this exception level. */
function maintenance(word: number) {
  const row = maintenanceOf(bits(word, 18, 5));
  if (row === undefined) return UNMODELLED;
  const { effect, text } = row;
  if (!takesRegister(effect) && rd(word) !== ZR) return "constrained unpredictable: should-be-one field";
  return { kind: "maintenance", effect, name: text, rt: rd(word) } as const;
}

/** By bits 19..5. */
const REGISTERS: ReadonlyMap<number, SystemRegisterName> = new Map(
  SYSTEM_REGISTER_NAMES.map((name) => [encodedSystemRegister(SYSTEM_REGISTERS[name].encoding), name]),
);

/** MRS of the registers that are known. */
function readSystem(word: number) {
  const register = REGISTERS.get(bits(word, 19, 5));
  return register === undefined ? UNMODELLED : ({ kind: "readSystem", register, rt: rd(word) } as const);
}

/** MSR of those that may be written. */
function writeSystem(word: number) {
  const register = REGISTERS.get(bits(word, 19, 5));
  if (register === undefined || SYSTEM_REGISTERS[register].mask === 0n) return UNMODELLED;
  return { kind: "writeSystem", register, rt: rd(word) } as const;
}

export const CONTROL = [
  row(". 00101 ..........................", branch),
  row("01010100 ................... 0 ....", branchConditional),
  row(". 011010 . ................... .....", compareAndBranch),
  row(". 011011 . ..... .............. .....", testAndBranch),
  row("1101011 0 0 .. 11111 000000 ..... 00000", branchRegister),
  row("1101011 . 0 .. 11111 00001 . ..... .....", branchAuthenticated),
  row("11010100 ... ................ ... ..", exception),
  row("1101010100 0 00 011 0010 .... ... 11111", hint),
  row("1101010100 0 00 011 0011 .... ... 11111", barrier),
  row("1101010100 0 00 ... 0100 .... ... 11111", writeState),
  row("1101010100 0 01 ... 0111 .... ... .....", maintenance),
  row("1101010100 0 01 ... 1000 .... ... .....", maintenance),
  row("1101010100 1 1. ... .... .... ... .....", readSystem),
  row("1101010100 0 1. ... .... .... ... .....", writeSystem),
] as const;
