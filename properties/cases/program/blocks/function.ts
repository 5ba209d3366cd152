// One function from its first slot to its exit: the frame, where the context pointer is kept, a loop to slot 0 now and
// then, blocks, calls that are still owed, and a result that depends on much of what was computed.

import { ARGUMENT_BYTES } from "../../../../spec/bpf/insn.js";
import { rowById, STACK_ARGUMENTS } from "../../../../spec/bpf/isa.js";
import { times } from "../../../../spec/lists.js";
import type { Draw } from "../../../../subjects/random/draw.js";
import { arithmetic, fillBlock } from "./alu-block.js";
import { Body, type Plan } from "./body.js";
import { goto, longJump } from "./branch-block.js";
import { callFunction, tailCall } from "./call-block.js";
import { inLoop, restore } from "./loop-block.js";
import { clearFrame, load, spill } from "./memory-block.js";
import type { Signature } from "./plan.js";
import { ALL, at, type Pointer, type Region, region, SAVED, SPILL } from "./registers.js";

export interface FunctionPlan {
  readonly signature: Signature;
  /** Bytes of data in the frame, and pointers that may be spilled. */
  readonly frameBytes: number;
  readonly spills: number;
  /** Write the frame before anything reads it. */
  readonly clear: boolean;
  /** The context pointer is needed to the end. */
  readonly keepContext: boolean;
  /** Callees that this function must call. */
  readonly owes: readonly number[];
  readonly slots: number;
  readonly costLimit: number;
  /** A tail call before the end. */
  readonly tailCall: boolean;
  /** Slots to jump over once; 0 for none. */
  readonly longJump: number;
}

const STIR = [rowById("xor reg"), rowById("add reg"), rowById("sub reg"), rowById("xor reg")] as const;
const SPREAD = rowById("mul imm");
const LOAD_ARGUMENT = rowById("ldx argument");
const LOAD_8 = rowById("ldxdw");
const STORE_8 = rowById("stxdw");
const ADD = rowById("add imm");
const LESS = rowById("jlt imm");

/** Left for what follows the blocks. */
const RESULT_SLOTS = 2;

/** Make the whole function. */
export function makeFunction(draw: Draw, plan: Plan, wanted: FunctionPlan): Body {
  const frame = frameRegion(wanted, plan.aligned);
  const { signature } = wanted;
  // Spill slots lie above the data, the topmost at R10 - 8.
  const spillSlots = times(wanted.spills, (i) => -8 * (i + 1));
  const body = new Body(draw, plan, signature, frame, spillSlots, wanted.costLimit, wanted.slots);
  body.pending.push(...wanted.owes);
  receive(body, wanted);
  const isLoop = plan.features.loops && draw.chance(plan.features.mayGoto ? 50 : 12);
  // Its own arguments beyond five are there until it calls or stores one: it cannot come back to where it loads them.
  const loopsToStart = isLoop && signature.stackArguments === 0 && loopToStart(body, wanted);
  if (!loopsToStart) begin(body, wanted);
  if (wanted.longJump > 0) longJump(body, wanted.longJump);
  body.limit = Math.max(wanted.slots - RESULT_SLOTS, body.here + 1);
  fillBlock(body, body.limit);
  for (const callee of [...body.pending]) callFunction(body, callee, plan.callees[callee]!);
  if (wanted.tailCall) tailCall(body);
  if (plan.features.branches && draw.chance(8)) resultInTheMiddle(body);
  else result(body);
  return body;
}

const frameRegion = ({ frameBytes, spills }: FunctionPlan, aligned: boolean): Region =>
  region("frame", -8 * spills - frameBytes, -8 * spills, aligned);

/** What the registers hold at entry. */
function receive(body: Body, { signature }: FunctionPlan): void {
  const { state, plan } = body;
  if (signature.main) state.setPointer(1, at(plan.context, 0));
  signature.parameters.forEach((parameter, i) => {
    if (parameter.kind === "context") state.setPointer(i + 1, at(plan.context, 0));
    else if (parameter.kind === "memory")
      state.setPointer(i + 1, at(region("argument", 0, parameter.bytes, plan.aligned), 0));
    else state.setScalar(i + 1);
  });
  receiveOnStack(body, signature.stackArguments);
}

/** Some of the arguments beyond five, into registers that calls keep. */
function receiveOnStack(body: Body, count: number): void {
  const { draw, state } = body;
  for (let left = count === 0 ? 0 : draw.between(1, Math.min(3, count)); left > 0; left--) {
    const register = draw.bit(SAVED | 1);
    body.emit(LOAD_ARGUMENT, register, STACK_ARGUMENTS, ARGUMENT_BYTES * draw.between(1, count), 0);
    state.setScalar(register);
  }
}

function begin(body: Body, wanted: FunctionPlan): void {
  const { draw } = body;
  if (wanted.clear) clearFrame(body);
  const incoming = contextArgument(body);
  if (incoming > 0) keepContext(body, incoming, wanted);
  if (!body.plan.features.memory && !draw.chance(60)) return;
  const loads = wanted.slots < 8 ? draw.below(2) : draw.below(4);
  for (let i = 0; i < loads; i++) load(body, isInput);
}

/** A fresh frame holds zeroes; what comes from outside differs from run to run. */
const isInput = ({ region: { kind } }: Pointer): boolean => kind !== "frame";

function contextArgument({ signature }: Body): number {
  return signature.main ? 1 : signature.parameters.findIndex(({ kind }) => kind === "context") + 1;
}

/** Copy the context pointer to where calls do not reach it; lock that place if it is needed to the end. */
function keepContext(body: Body, from: number, { keepContext: needed, spills, slots }: FunctionPlan): void {
  const { draw } = body;
  if (!needed && (slots < 6 || draw.chance(45))) return;
  let place: number;
  if (spills > 0 && body.plan.context.spillable && draw.chance(35)) {
    place = SPILL;
    spill(body, place, from);
  } else {
    place = draw.bit(SAVED);
    body.copy(place, from);
  }
  if (!needed) return;
  body.context = place;
  body.locked |= 1 << place;
}

/** A loop whose head is slot 0. @returns false, with nothing appended, if nothing here can count. */
function loopToStart(body: Body, wanted: FunctionPlan): boolean {
  const { signature } = body;
  const counter = signature.parameters.findIndex(({ kind }) => kind === "count") + 1;
  const { countDowns, has } = body.plan.rows;
  if (counter > 0 && !wanted.keepContext && !wanted.clear && countDowns.length > 0) return countDown(body, counter);
  if (
    has(LESS.id) &&
    signature.main &&
    !wanted.clear &&
    !wanted.keepContext &&
    body.frame.end - body.frame.start >= 16
  ) {
    return countInFrame(body);
  }
  return false;
}

/** A callee's own argument counts. */
function countDown(body: Body, counter: number): boolean {
  const { draw } = body;
  const entry = body.state.clone();
  inLoop(body, 1 << counter, 8, () => {
    fillBlock(body, draw.between(1, 6));
    const { sub, again } = draw.pick(body.plan.rows.countDowns);
    body.emit(sub, counter, 0, 0, 1);
    restore(body, entry);
    body.emit(again, counter, 0, 0, 0);
    body.aim(body.here - 1, 0);
  });
  return true;
}

/** The main frame is zero at entry, so its lowest bytes count up; the loop's inside must not write them. */
function countInFrame(body: Body): boolean {
  const { draw } = body;
  const counter = body.frame.start;
  if (counter % 8 !== 0) return false;
  const { kind, end, aligned } = body.frame;
  const inner = region(kind, counter + 8, end, aligned);
  body.state.setPointer(10, at(inner, 0));
  const trips = draw.between(2, 5);
  const entry = body.state.clone();
  inLoop(body, 0, trips, () => {
    body.locked |= 2;
    body.state.setPointer(1, at(body.plan.context, 0));
    body.callsForbidden = true;
    fillBlock(body, draw.between(1, 6));
    const temporary = draw.bit(ALL & ~body.locked);
    body.emit(LOAD_8, temporary, 10, counter, 0);
    body.state.setScalar(temporary);
    body.emit(ADD, temporary, 0, 0, 1);
    body.emit(STORE_8, 10, temporary, counter, 0);
    body.uses.goesBack(body.state, entry);
    body.emit(LESS, temporary, 0, 0, trips);
    body.aim(body.here - 1, 0);
  });
  return true;
}

/** `goto last; middle: ... exit; last: ...; goto middle`: the function does not end with its exit. */
function resultInTheMiddle(body: Body): void {
  const { slots, draw } = body;
  const start = body.here;
  for (let i = draw.below(4); i > 0; i--) arithmetic(body);
  const last = slots.splice(start);
  goto(body);
  const middle = body.here;
  result(body);
  body.aim(start, body.here);
  slots.push(...last);
  goto(body);
  body.aim(body.here - 1, middle);
}

/** Leave with a result: r0 stirred with other registers, so that what they hold shows. */
function result(body: Body): void {
  const { draw, state } = body;
  let copied = 0;
  if (!(state.scalars & 1)) {
    if ((state.scalars & ALL) !== 0) {
      copied = body.operand();
      body.copy(0, copied);
    } else body.seed(0);
  }
  let rest = state.scalars & ALL & ~(1 | (1 << copied));
  for (let i = 0; rest !== 0 && (i < 2 || (rest & body.fresh) !== 0); i++) {
    const fresh = rest & body.fresh;
    const register = draw.bit(fresh === 0 ? rest : fresh);
    rest &= ~(1 << register);
    if (draw.chance(15)) continue;
    body.emit(draw.pick(STIR), 0, register, 0, 0);
    if (draw.chance(25)) body.emit(SPREAD, 0, 0, 0, 3 + 2 * draw.below(8));
  }
  body.leave();
}
