// What an A64 instruction does: one call executes one decoded instruction on a state and a memory. This file has the
// dispatch, branches and system instructions; see `execute-data.ts` and `execute-memory.ts` for the rest.

import { hex64, u64 } from "../bits.js";
import { codeAddress, pointer } from "./address.js";
import { conditionHolds } from "./condition.js";
import * as data from "./execute-data.js";
import * as access from "./execute-memory.js";
import { AUTIASP, PACIASP } from "./hints.js";
import type { A64Insn, BranchRegister, Exception, Hint } from "./insn.js";
import { SP } from "./insn.js";
import type { Memory, State, Stop } from "./state.js";

const LR = 30;

/**
 * Execute one instruction at `state.pc` and advance `state.pc` to the next one.
 *
 * @returns undefined, or why the instruction did not complete; then `state.pc` still points at it.
 */
export function execute(insn: A64Insn, state: State, memory: Memory): Stop | undefined {
  const pc = state.pc;
  state.pc = pc + 4;
  const stop = dispatch(insn, pc, state, memory);
  if (stop !== undefined) state.pc = pc;
  return stop;
}

/** Acts on an instruction at `pc`; `state.pc` is already the next one's. */
function dispatch(insn: A64Insn, pc: number, state: State, memory: Memory): Stop | undefined {
  switch (insn.kind) {
    case "addSubImmediate":
      return void data.addSubImmediate(insn, state);
    case "addSubShifted":
      return void data.addSubShifted(insn, state);
    case "logicalImmediate":
      return void data.logicalImmediate(insn, state);
    case "logicalShifted":
      return void data.logicalShifted(insn, state);
    case "moveWide":
      return void data.moveWide(insn, state);
    case "bitfield":
      return void data.bitfield(insn, state);
    case "twoSource":
      return void data.twoSource(insn, state);
    case "threeSource":
      return void data.threeSource(insn, state);
    case "reverse":
      return void data.reverse(insn, state);
    case "address":
      return void state.write(insn.rd, 64, pointer(pc + insn.offset));
    case "accessImmediate":
      return access.accessImmediate(insn, state, memory);
    case "accessRegister":
      return access.accessRegister(insn, state, memory);
    case "loadLiteral":
      return access.loadLiteral(insn, pc, state, memory);
    case "accessPair":
      return access.accessPair(insn, state, memory);
    case "loadExclusive":
      return access.loadExclusive(insn, state, memory);
    case "storeExclusive":
      return access.storeExclusive(insn, state, memory);
    case "atomicMemory":
      return access.atomicMemory(insn, state, memory);
    case "compareAndSwap":
      return access.compareAndSwap(insn, state, memory);
    case "branch":
      if (insn.link) state.x[LR] = pointer(pc + 4);
      state.pc = pc + insn.offset;
      return undefined;
    case "branchConditional":
      if (conditionHolds(insn.condition, state.nzcv)) state.pc = pc + insn.offset;
      return undefined;
    case "compareAndBranch":
      if ((state.read(insn.rt, insn.width) !== 0n) === insn.nonzero) state.pc = pc + insn.offset;
      return undefined;
    case "branchRegister":
      return branchRegister(insn, pc, state);
    case "hint":
      return hint(insn, state);
    case "barrier":
      return undefined;
    case "readSystem":
      return void state.write(insn.rt, 64, state.system[insn.register]);
    case "exception":
      return exception(insn);
  }
}

/** BR, BLR, RET. An address outside the kernel's half faults here, as the state cannot hold it as a pc. */
function branchRegister(insn: BranchRegister, pc: number, state: State): Stop | undefined {
  const register = state.x[insn.rn]!;
  const target = codeAddress(register);
  if (target === undefined) {
    return { why: "notExecutable", detail: `${insn.op} to ${hex64(register)}, which is no kernel address` };
  }
  if (insn.op === "blr") state.x[LR] = pointer(pc + 4);
  state.pc = target;
  return undefined;
}

/**
 * Pointer authentication of LR, modelled by a tag that depends on SP and is added to the top sixteen bits: never zero
 * and never undone by a second addition, so a return without AUTIASP, with one too many of either, or with another SP
 * goes to no kernel address.
 */
function hint(insn: Hint, state: State): undefined {
  const tag = (1n + ((state.x[SP]! >> 4n) % 0x7fffn)) << 48n;
  if (insn.imm7 === PACIASP) state.x[LR] = u64(state.x[LR]! + tag);
  if (insn.imm7 === AUTIASP) state.x[LR] = u64(state.x[LR]! - tag);
}

/** BRK stops. HVC and SMC are the firmware's branch-history workaround, which changes no register. */
function exception(insn: Exception): Stop | undefined {
  return insn.op === "brk" ? { why: "breakpoint", detail: `brk #0x${insn.imm16.toString(16)}` } : undefined;
}
