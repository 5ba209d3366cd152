// Loops that end: a register of their own counts, and within the loop nothing else writes it. The jump back comes in
// every condition, width and operand form, and as a plain goto.

import { innerBlock } from "./alu-block.js";
import type { Body } from "./body.js";
import { goto } from "./branch-block.js";
import type { CountedForm } from "./loop-forms.js";
import { ALL, ARGUMENTS, type Registers, SAVED } from "./registers.js";

const MAX_TRIPS = 8;
const MAX_NESTED = 2;

/** A counted loop, if a register is free and the run stays short. */
export function loop(body: Body): void {
  const { draw } = body;
  const trips = draw.chance(70) ? draw.between(1, 4) : draw.between(1, MAX_TRIPS);
  const mayStart =
    body.loopDepth < MAX_NESTED &&
    bitCount(ALL & ~body.locked) >= ENOUGH_FREE &&
    body.cost + body.times * trips * 24 < body.costLimit;
  const counter = mayStart ? freeCounter(body) : -1;
  if (counter < 0) return;
  if (draw.chance(30)) whileLoop(body, counter, trips);
  else doWhile(body, counter, draw.pick(body.plan.rows.loops.counted), trips);
}

/** A register for a counter; one outside R6..R9 forbids calls in the loop. -1 if none is free. */
function freeCounter(body: Body): number {
  const free = ALL & ~body.locked & ~body.state.pointers;
  const saved = free & SAVED;
  if (saved !== 0 && body.draw.chance(65)) return body.draw.bit(saved);
  return free === 0 ? -1 : body.draw.bit(free);
}

function doWhile(body: Body, counter: number, form: CountedForm, drawnTrips: number): void {
  const { draw } = body;
  const trips = form.trips ?? drawnTrips;
  const { step, withImmediate, withRegister, exchanged } = draw.chance(60) ? form.wide : form.narrow;
  body.constant(counter, form.start(trips));
  // The bound in a register, if one is free; comparisons with the operands exchanged need it there.
  const limit = draw.chance(45) && withRegister.length > 0 ? freeBeside(body, counter) : -1;
  const isExchanged = limit >= 0 && draw.chance(50) && exchanged.length > 0;
  const { row, bound } = draw.pick(isExchanged ? exchanged : limit < 0 ? withImmediate : withRegister);
  const end = bound(trips);
  if (limit >= 0) body.constant(limit, end);
  inLoop(body, (1 << counter) | (limit < 0 ? 0 : 1 << limit), trips, () => {
    const header = body.here;
    const entry = body.state.clone();
    innerBlock(body, 9);
    body.emit(step, counter, 0, 0, form.by);
    restore(body, entry);
    if (limit < 0) body.emit(row, counter, 0, 0, end);
    else if (isExchanged) body.emit(row, limit, counter, 0, 0);
    else body.emit(row, counter, limit, 0, 0);
    body.aim(body.here - 1, header);
  });
}

/** Another register like `counter`, or -1. */
function freeBeside(body: Body, counter: number): number {
  const free = ((1 << counter) & SAVED ? SAVED : ALL) & ~body.locked & ~body.state.pointers & ~(1 << counter);
  return free === 0 ? -1 : body.draw.bit(free);
}

function whileLoop(body: Body, counter: number, trips: number): void {
  const { draw } = body;
  const { wide, narrow } = body.plan.rows.loops.countdown;
  const { step, done } = draw.chance(60) ? wide : narrow;
  const { row, bound } = draw.pick(done);
  const after = body.label();
  body.constant(counter, trips);
  inLoop(body, 1 << counter, trips + 1, () => {
    const header = body.here;
    const entry = body.state.clone();
    body.emit(row, counter, 0, 0, bound(trips));
    body.jumpsTo(after);
    body.open.push(after);
    innerBlock(body, 9);
    body.open.pop();
    body.emit(step, counter, 0, 0, 1);
    restore(body, entry);
    goto(body);
    body.aim(body.here - 1, header);
    body.dead = true;
  });
  body.place(after);
}

/** Run `content` as the inside of a loop: what it relies on is locked, and everything counts `trips` times. */
export function inLoop(body: Body, counters: number, trips: number, content: () => void): void {
  const { locked, callsForbidden, times } = body;
  if ((counters & ~SAVED) !== 0) body.callsForbidden = true;
  weaken(body, counters);
  body.locked |= counters | (body.state.pointers & ~(1 << 10));
  body.loopDepth++;
  body.times = times * trips;
  content();
  body.times = times;
  body.loopDepth--;
  body.callsForbidden = callsForbidden;
  body.locked = locked;
}

/** A loop starts with that many registers not locked, and leaves some of them to its inside. */
const ENOUGH_FREE = 5;
const LEFT_FREE = 3;

function bitCount(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Forget some of what is known at the head of a loop, so that the inside may overwrite it. */
function weaken(body: Body, counters: number): void {
  const { state, draw } = body;
  const fragile = body.callsForbidden ? 0 : ARGUMENTS | 1;
  for (let register = 0; register < 10; register++) {
    if ((counters >> register) & 1 || body.isLocked(register)) continue;
    const bit = 1 << register;
    if (state.pointers & bit) {
      const dies = state.pointer(register).region.shortLived || (fragile & bit) !== 0;
      if (dies || draw.chance(30)) state.forget(bit);
    } else if (state.scalars & bit && draw.chance(fragile & bit ? 60 : 15)) state.forget(bit);
  }
  for (;;) {
    const givenUp = state.pointers & ALL & ~body.locked;
    if (givenUp === 0 || bitCount(ALL & ~(body.locked | counters | state.pointers)) >= LEFT_FREE) return;
    state.forget(1 << draw.bit(givenUp));
  }
}

/** Make every register that was a scalar at the head of the loop one again, before the code goes back there. */
export function restore(body: Body, entry: Registers): void {
  let lost = entry.scalars & ~body.state.scalars & ALL;
  while (lost !== 0) {
    const register = 31 - Math.clz32(lost);
    lost &= ~(1 << register);
    body.constant(register, body.draw.between(-1, 3));
  }
  body.uses.goesBack(body.state, entry);
}
