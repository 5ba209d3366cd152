// The steps that leave a function: helper calls, local calls, tail calls and exit. A call leaves r1..r5 undefined, which
// shows as POISON; r6..r10 are the caller's again after a local call.

import { type U64, u32 } from "../bits.js";
import { helperName } from "./helper-names.js";
import { callHelper } from "./helpers/helper.js";
import { calleeOf, callUnknown } from "./helpers/unknown.js";
import { TAIL_CALL } from "./helpers.js";
import type { CallRow, CallTarget } from "./isa.js";
import { modelOf } from "./kernel-functions.js";
import { MAX_CALL_DEPTH, MAX_TAIL_CALLS } from "./program.js";
import { type RunState, type Slot, type Step, shownArguments, word } from "./run-state.js";

export const exit: Step = (run) => run.exit();

/** How each sort of call steps; `goto` makes the step to the slot that a local call names. */
export const CALLS: Record<CallTarget, (slot: Slot<CallRow>, goto: (slot: Slot<CallRow>) => Step) => Step> = {
  helper: ({ insn, pc }) =>
    insn.imm === TAIL_CALL ? tailCall(pc) : modelledCall("helper", insn.imm, pc, `there is no ${helperName(insn.imm)}`),
  local: (slot, goto) => localCall(slot.pc, goto(slot)),
  kfunc: ({ insn, pc }) => modelledCall("kfunc", insn.imm, pc, "a kernel function that is not modelled"),
};

const argumentsOf = ({ registers }: RunState): readonly U64[] =>
  [1, 2, 3, 4, 5].map((register) => word(registers, register));

/** @param refusal of a call of what is not modelled, where the program has no such calls */
function modelledCall(target: "helper" | "kfunc", id: number, pc: number, refusal: string): Step {
  const helper = modelOf(target, id);
  if (helper === undefined) return unknownCall(target, id, pc, refusal);
  return (run) => {
    const result = callHelper(helper, run.helperState, argumentsOf(run));
    if (!result.ok) {
      const detail = `${helper.name}: ${result.detail}`;
      if (result.why === "badCall") return run.fault(pc, "badCall", detail);
      const { why, detail: access } = run.memory.fault;
      return run.fault(pc, why, `${detail} (${access})`);
    }
    run.registers[0] = result.r0;
    run.poisonArguments();
    return pc + 1;
  };
}

/** A call of what is not modelled, where the program has such calls. */
function unknownCall(target: "helper" | "kfunc", id: number, pc: number, refusal: string): Step {
  const callee = calleeOf(target, id);
  return (run) => {
    const { unknownCalls: seed } = run.program;
    if (seed === undefined) return run.fault(pc, "badCall", refusal);
    const args = argumentsOf(run);
    const defined = run.observer?.definedArguments() ?? shownArguments(args);
    run.registers[0] = callUnknown(run.helperState, { seed, callee, args, defined });
    run.poisonArguments();
    return pc + 1;
  };
}

function localCall(pc: number, enter: Step): Step {
  return (run) => {
    if (run.isDeepest) return run.fault(pc, "callDepth", `more than ${MAX_CALL_DEPTH} frames`);
    run.pushFrame(pc + 1);
    return enter(run);
  };
}

/** r1: the context, r2: a prog array, r3: the slot, truncated to 32 bits. Without a target the program goes on behind. */
function tailCall(pc: number): Step {
  return (run) => {
    if (word(run.registers, 1) !== run.context.pointer) {
      return run.fault(pc, "badCall", "tail_call: r1 is not the context");
    }
    const spec = run.helperState.maps.byPointer(word(run.registers, 2))?.spec;
    if (spec?.kind !== "progArray") return run.fault(pc, "badCall", "tail_call: r2 does not point to a prog array");
    const slot = Number(u32(word(run.registers, 3)));
    const target = slot < spec.entries ? spec.programs[slot] : undefined;
    const mayCount = slot < spec.entries && run.counted < MAX_TAIL_CALLS;
    if (mayCount && (target !== undefined || run.tailCallCount.countsEmptySlots)) run.counted++;
    if (target === undefined || !mayCount) {
      run.poisonArguments();
      return pc + 1;
    }
    return enterTarget(run, pc, slot, target);
  };
}

function enterTarget(run: RunState, pc: number, slot: number, target: number): number {
  if (run.program.code[target] === undefined) {
    const { length } = run.program.code;
    return run.fault(pc, "badCall", `tail_call: slot ${slot} names program ${target} of ${length}`);
  }
  run.tailCalls++;
  run.replaceFrame(target);
  return run.enter(target);
}
