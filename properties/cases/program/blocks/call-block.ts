// Calls: helpers without arguments, local functions with arguments that fit their signature, and tail calls through a
// prog array with indexes inside, outside and with a high half that must not count.

import { ARGUMENT_BYTES } from "../../../../spec/bpf/insn.js";
import { rowById, STACK_ARGUMENTS } from "../../../../spec/bpf/isa.js";
import { times } from "../../../../spec/lists.js";
import type { Body } from "./body.js";
import { immediate } from "./immediates.js";
import { fill } from "./memory-block.js";
import type { Callee, Parameter } from "./plan.js";
import { ALL, at, SPILL } from "./registers.js";

const HELPER = rowById("call helper");
const LOCAL = rowById("call local");
const STORE_ARGUMENT = rowById("stx argument");
const STORE_ARGUMENT_IMM = rowById("st argument");
const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const AND = rowById("and imm");
const OR = rowById("or reg");
const TAIL_CALL = 12;

/** Call a helper by number; its arguments are in place. */
export function callHelper(body: Body, helper: number): void {
  body.emit(HELPER, 0, 0, 0, helper);
  body.uses.givenToHelper(helper, body.state);
  body.clobberArguments();
  body.state.setScalar(0);
}

export function plainHelper(body: Body): void {
  const { plainHelpers } = body.plan.rows;
  if (body.mayCall && plainHelpers.length > 0) callHelper(body, body.draw.pick(plainHelpers));
}

/** Call one of the functions of this program that exist already, if that is cheap enough. */
export function localCall(body: Body): void {
  const { callees } = body.plan;
  if (!body.mayCall || callees.length === 0) return;
  const index = body.draw.below(callees.length);
  const callee = callees[index];
  if (callee === undefined || body.cost + body.times * callee.cost > body.costLimit) return;
  if (canCall(body, callee)) callFunction(body, index, callee);
}

/** Whether the arguments can be made here. */
const canCall = (body: Body, { signature }: Callee): boolean =>
  signature.parameters.every(
    (parameter) =>
      (parameter.kind !== "context" || contextPlace(body) >= 0) &&
      (parameter.kind !== "memory" || body.frame.end - body.frame.start >= parameter.bytes),
  );

/** A register or spill slot with the untouched context pointer, or -1. */
export function contextPlace({ context, state, plan }: Body): number {
  if (context >= 0) return context;
  for (let place = 0; place < SPILL; place++) {
    if (!((state.pointers >> place) & 1)) continue;
    const { region, low, high } = state.pointer(place);
    if (region === plan.context && low === 0 && high === 0) return place;
  }
  return -1;
}

/** Put the context pointer, which must be at hand, into a register. */
export function loadContext(body: Body, into: number): void {
  const place = contextPlace(body);
  if (place === into) return;
  if (place >= SPILL) fill(body, place, into);
  else body.copy(into, place);
}

export function callFunction(body: Body, index: number, callee: Callee): void {
  const { parameters } = callee.signature;
  // The context goes first: it may lie in another argument register.
  const order = times(parameters.length, (i) => i).sort((a, b) => rank(parameters[a]!) - rank(parameters[b]!));
  for (const i of order) argument(body, i + 1, parameters[i]!);
  for (let i = 1; i <= callee.signature.stackArguments; i++) stackArgument(body, -ARGUMENT_BYTES * i);
  body.emit(LOCAL, 0, 0, 0, 0);
  body.callSites.push({ pc: body.here - 1, callee: index });
  body.uses.givenToFunction(body.state);
  body.cost += body.times * callee.cost;
  body.clobberArguments();
  body.state.setScalar(0);
  const waiting = body.pending.indexOf(index);
  if (waiting >= 0) body.pending.splice(waiting, 1);
}

const rank = ({ kind }: Parameter): number => (kind === "context" ? 0 : 1);

function argument(body: Body, register: number, parameter: Parameter): void {
  const { draw, state, frame } = body;
  switch (parameter.kind) {
    case "context":
      loadContext(body, register);
      return;
    case "memory": {
      const room = frame.end - frame.start - parameter.bytes;
      const position = frame.start + 8 * draw.below(Math.floor(room / 8) + 1);
      body.emit(MOV_REG, register, 10, 0, 0);
      body.emit(ADD, register, 0, 0, position);
      state.setPointer(register, at(frame, position));
      return;
    }
    case "count":
      if ((state.scalars >> register) & 1 && draw.chance(50)) body.emit(AND, register, 0, 0, 7);
      else body.constant(register, draw.between(0, 7));
      return;
    case "scalar": {
      if ((state.scalars >> register) & 1 && draw.chance(40)) return;
      if ((state.scalars & ALL) !== 0 && draw.chance(60)) body.copy(register, draw.bit(state.scalars & ALL));
      else body.seed(register);
      return;
    }
    default:
      parameter satisfies never;
  }
}

function stackArgument(body: Body, off: number): void {
  const { draw, state } = body;
  const numbers = state.scalars & ALL;
  if (numbers !== 0 && draw.chance(60)) body.emit(STORE_ARGUMENT, STACK_ARGUMENTS, draw.bit(numbers), off, 0);
  else body.emit(STORE_ARGUMENT_IMM, STACK_ARGUMENTS, 0, off, immediate(draw));
}

/** A tail call, and what follows if it does not happen. */
export function tailCall(body: Body): void {
  const { plan, draw, state } = body;
  if (!body.mayCall || plan.progArrays.length === 0 || contextPlace(body) < 0) return;
  if (!body.signature.main && !plan.tailCallsFromFunctions) return;
  const array = draw.pick(plan.progArrays);
  if (draw.chance(15)) misses(body, array);
  loadContext(body, 1);
  body.lddw(draw.pick(plan.rows.mapObjects), 2, array, 0);
  state.setPointer(2, at(plan.mapObjects[array]!, 0));
  tailCallIndex(body, plan.maps[array]!.entries);
  body.emit(HELPER, 0, 0, 0, TAIL_CALL);
  body.clobberArguments();
}

/** More tail calls into an empty slot than a chain may be long: they must not count. */
function misses(body: Body, array: number): void {
  const { plan, draw, state } = body;
  const map = plan.maps[array]!;
  const slot = map.kind === "progArray" ? map.programs.indexOf(undefined) : -1;
  const counter = body.savedTarget();
  const place = contextPlace(body);
  if (slot < 0 || counter < 0 || counter === place || place < 6 || body.times > 1) return;
  body.constant(counter, 0);
  body.clobberArguments();
  const head = body.here;
  body.times = 35;
  loadContext(body, 1);
  body.lddw(draw.pick(plan.rows.mapObjects), 2, array, 0);
  body.constant(3, slot);
  body.emit(HELPER, 0, 0, 0, TAIL_CALL);
  body.clobberArguments();
  body.emit(ADD, counter, 0, 0, 1);
  state.setScalar(counter);
  body.emit(LESS, counter, 0, 0, draw.between(33, 35));
  body.aim(body.here - 1, head);
  body.times = 1;
}
const LESS = rowById("jlt imm");

/** r3: the index, of which only the low half counts. */
function tailCallIndex(body: Body, entries: number): void {
  const { draw, state } = body;
  const how = draw.below(10);
  const index = draw.below(entries);
  if (how < 5) body.constant(3, index);
  else if (how < 6) body.constant(3, draw.chance(50) ? entries : immediate(draw));
  else if (how < 8) body.wide(3, index, immediate(draw));
  else {
    const others = state.scalars & ALL;
    if (others === 0) body.constant(3, index);
    else body.copy(3, draw.bit(others));
    body.emit(AND, 3, 0, 0, 3);
    if (how === 9 && state.scalars & ALL & ~8) {
      body.wide(0, 0, 1);
      body.emit(OR, 3, 0, 0, 0);
    }
  }
}
