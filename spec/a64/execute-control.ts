// Branches and system instructions.

import { hex64 } from "../bits.js";
import { codeAddress, pointer } from "./address.js";
import { authenticated, signed, stripped } from "./authentication.js";
import { conditionHolds } from "./condition.js";
import { AUTIASP, PACIASP, XPACLRI } from "./hints.js";
import type { Meanings } from "./meaning.js";
import { LR, type Reg, SP } from "./registers.js";
import type { Memory, State, Stop } from "./state.js";
import { SYSTEM_REGISTERS } from "./system-registers.js";

/** An address outside the kernel's half faults here, as the state cannot hold it as a pc. */
function branchTo(op: "br" | "blr" | "ret", rn: Reg, pc: number, state: State): Stop | undefined {
  const register = state.x[rn]!;
  const target = codeAddress(register);
  if (target === undefined) {
    const detail = `${op} to ${hex64(register)}, which is no kernel address`;
    return { why: "notExecutable", address: register, detail };
  }
  if (op === "blr") state.x[LR] = pointer(pc + 4);
  state.btype = op === "ret" ? 0 : op === "blr" ? 2 : rn === 16 || rn === 17 ? 1 : 3;
  state.pc = target;
  return undefined;
}

/** Most only advise, or sign with keys that are turned off. */
function hint(imm7: number, state: State): undefined {
  const { x } = state;
  if (imm7 === XPACLRI) x[LR] = stripped(x[LR]!);
  if (!state.signsReturns) return;
  if (imm7 === PACIASP) x[LR] = signed(x[LR]!, x[SP]!);
  if (imm7 === AUTIASP) x[LR] = authenticated(x[LR]!, x[SP]!);
}

const LINE_BYTES = 64n;

/** DC ZVA, by the rules of stores. */
function zeroLine(line: bigint, state: State, memory: Memory): Stop | undefined {
  for (let at = line; at < line + LINE_BYTES; at += 8n) {
    const stop = memory.store(at, 8, 0n);
    if (stop !== undefined) return stop;
  }
  const { reservation } = state;
  if (reservation !== undefined && reservation.address - (reservation.address % LINE_BYTES) === line) {
    state.reservation = undefined;
  }
  return undefined;
}

export const CONTROL_MEANINGS: Meanings<
  | "branch"
  | "branchConditional"
  | "compareAndBranch"
  | "testAndBranch"
  | "branchRegister"
  | "branchAuthenticated"
  | "exception"
  | "hint"
  | "barrier"
  | "writeState"
  | "maintenance"
  | "readSystem"
  | "writeSystem"
> = {
  branch({ link, offset }, state, _memory, pc) {
    if (link) state.x[LR] = pointer(pc + 4);
    state.pc = pc + offset;
    return undefined;
  },
  branchConditional({ condition, offset }, state, _memory, pc) {
    if (conditionHolds(condition, state.nzcv)) state.pc = pc + offset;
    return undefined;
  },
  compareAndBranch({ rt, width, nonzero, offset }, state, _memory, pc) {
    if ((state.read(rt, width) !== 0n) === nonzero) state.pc = pc + offset;
    return undefined;
  },
  testAndBranch({ rt, bit, nonzero, offset }, state, _memory, pc) {
    if ((((state.x[rt]! >> BigInt(bit)) & 1n) !== 0n) === nonzero) state.pc = pc + offset;
    return undefined;
  },
  branchRegister: ({ op, rn }, state, _memory, pc) => branchTo(op, rn, pc, state),
  /** With keys turned off. */
  branchAuthenticated: ({ op, rn }, state, _memory, pc) => branchTo(op, rn, pc, state),
  /** BRK stops. HVC and SMC are the firmware's branch-history workaround, which changes no register. */
  exception({ op, imm16 }) {
    if (op !== "brk") return undefined;
    return { why: "breakpoint", address: BigInt(imm16), detail: `brk #0x${imm16.toString(16)}` };
  },
  hint: ({ imm7 }, state) => hint(imm7, state),
  /** On one processing element all is in order already. */
  barrier({ op }, state, memory) {
    if (op === "clrex") state.reservation = undefined;
    if (op === "dsb") memory.complete();
    if (op === "isb") memory.synchronize();
    return undefined;
  },
  writeState({ field, number }, { system }) {
    const bits = BigInt(number) << 6n;
    if (field === "daifset") system.daif |= bits;
    else if (field === "daifclr") system.daif &= ~bits;
    else system[field] = number & 1 ? SYSTEM_REGISTERS[field].mask : 0n;
    return undefined;
  },
  /** What names a line does so by any of its bytes, and the line must be mapped. */
  maintenance({ effect, rt }, state, memory) {
    const register = state.x[rt]!;
    const line = register - (register % LINE_BYTES);
    if (effect === "zero") return zeroLine(line, state, memory);
    if (effect === "clean" || effect === "invalidate") {
      const read = memory.load(line, 1);
      if (typeof read !== "bigint") return read;
      return memory.maintain(effect, line);
    }
    return memory.maintain(effect, register);
  },
  readSystem({ register, rt }, state) {
    state.write(rt, 64, register === "nzcv" ? BigInt(state.nzcv) << 28n : state.system[register]);
    return undefined;
  },
  writeSystem({ register, rt }, state) {
    const value = state.x[rt]! & SYSTEM_REGISTERS[register].mask;
    if (register === "nzcv") state.nzcv = Number(value >> 28n);
    else state.system[register] = value;
    return undefined;
  },
};
