// Loops that end: a register of their own counts, and within the loop nothing else writes it. The jump back comes in
// every condition, width and operand form, and as a plain goto.

import { rowById } from "../../../../spec/bpf/isa.js";
import { innerBlock } from "./alu-block.js";
import type { Body } from "./body.js";
import { goto } from "./branch-block.js";
import { ALL, ARGUMENTS, type Registers, SAVED } from "./registers.js";

const MAX_TRIPS = 8;
const MAX_NESTED = 2;

/** How a counter runs and which comparisons hold while it is not done. `n` trips. */
interface Style {
  start(n: number): number;
  /** Row without its width suffix, and immediate. */
  readonly step: readonly [op: string, imm: number];
  /** Operation -> immediate: go on while that holds. The register form compares with a register that holds the immediate. */
  goesOn(n: number): Readonly<Record<string, number>>;
  /** The same comparisons with the operands exchanged; needs the register form. */
  exchanged(n: number): Readonly<Record<string, number>>;
}

const DOWN: Style = {
  start: (n) => n,
  step: ["sub", 1],
  goesOn: () => ({ jne: 0, jgt: 0, jsgt: 0, jge: 1, jsge: 1, jset: 15 }),
  exchanged: () => ({ jlt: 0, jslt: 0, jle: 1, jsle: 1 }),
};
const DOWN_BY_ADDING: Style = { ...DOWN, start: (n) => 3 * n, step: ["add", -3] };
const UP: Style = {
  start: () => 0,
  step: ["add", 1],
  goesOn: (n) => ({ jne: n, jlt: n, jslt: n, jle: n - 1, jsle: n - 1 }),
  exchanged: (n) => ({ jgt: n, jsgt: n, jge: n - 1, jsge: n - 1 }),
};
const UP_TO_ZERO: Style = {
  start: (n) => -n,
  step: ["add", 1],
  goesOn: () => ({ jne: 0, jslt: 0, jsle: -1 }),
  exchanged: () => ({ jsgt: 0, jsge: -1 }),
};
const HALVING: Style = {
  start: (n) => 2 ** (n - 1),
  step: ["rsh", 1],
  goesOn: () => ({ jne: 0, jgt: 0, jset: -1 }),
  exchanged: () => ({ jlt: 0 }),
};
/** 0 and 1 in turn: always two trips. */
const TOGGLE: Style = {
  start: () => 0,
  step: ["xor", 1],
  goesOn: () => ({ jeq: 1 }),
  exchanged: () => ({ jeq: 1 }),
};
const STYLES = [DOWN, DOWN, DOWN_BY_ADDING, UP, UP, UP_TO_ZERO, HALVING, TOGGLE] as const;
const DONE_AT_ZERO = Object.entries({ jeq: 0, jle: 0, jsle: 0, jlt: 1, jslt: 1 });

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
  else doWhile(body, counter, draw.pick(STYLES), trips);
}

/** A register for a counter; one outside R6..R9 forbids calls in the loop. -1 if none is free. */
function freeCounter(body: Body): number {
  const free = ALL & ~body.locked & ~body.state.pointers;
  const saved = free & SAVED;
  if (saved !== 0 && body.draw.chance(65)) return body.draw.bit(saved);
  return free === 0 ? -1 : body.draw.bit(free);
}

function doWhile(body: Body, counter: number, drawn: Style, trips: number): void {
  const { draw } = body;
  const { has } = body.plan.rows;
  const style = has(`${drawn.step[0]} imm`) ? drawn : UP;
  const n = style === TOGGLE ? 2 : trips;
  const wanted = draw.chance(60) ? "" : "32";
  body.constant(counter, style.start(n));
  // The bound in a register, if one is free; comparisons with the operands exchanged need it there.
  const isThere = (width: string, op: string, operand: string): boolean => has(`${op}${width} ${operand}`);
  const suffix =
    has(`${style.step[0]}${wanted} imm`) && ["jeq", "jne"].every((op) => isThere(wanted, op, "imm")) ? wanted : "";
  const known = (all: Readonly<Record<string, number>>, operand: string) =>
    Object.entries(all).filter(([op]) => isThere(suffix, op, operand));
  const inRegister = known(style.goesOn(n), "reg");
  const limit = draw.chance(45) && inRegister.length > 0 ? freeBeside(body, counter) : -1;
  const turned = known(style.exchanged(n), "reg");
  const exchanged = limit >= 0 && draw.chance(50) && turned.length > 0;
  const [op, bound] = draw.pick(exchanged ? turned : limit < 0 ? known(style.goesOn(n), "imm") : inRegister);
  if (limit >= 0) body.constant(limit, bound);
  inLoop(body, (1 << counter) | (limit < 0 ? 0 : 1 << limit), n, () => {
    const header = body.here;
    const entry = body.state.clone();
    innerBlock(body, 9);
    body.emit(rowById(`${style.step[0]}${suffix} imm`), counter, 0, 0, style.step[1]);
    restore(body, entry);
    if (limit < 0) body.emit(rowById(`${op}${suffix} imm`), counter, 0, 0, bound);
    else if (exchanged) body.emit(rowById(`${op}${suffix} reg`), limit, counter, 0, 0);
    else body.emit(rowById(`${op}${suffix} reg`), counter, limit, 0, 0);
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
  const { has } = body.plan.rows;
  const wanted = draw.chance(60) ? "" : "32";
  const suffix = has(`jeq${wanted} imm`) && has(`sub${wanted} imm`) ? wanted : "";
  const [op, bound] = draw.pick(DONE_AT_ZERO.filter(([name]) => has(`${name}${suffix} imm`)));
  const after = body.label();
  body.constant(counter, trips);
  inLoop(body, 1 << counter, trips + 1, () => {
    const header = body.here;
    const entry = body.state.clone();
    body.emit(rowById(`${op}${suffix} imm`), counter, 0, 0, bound);
    body.jumpsTo(after);
    body.open.push(after);
    innerBlock(body, 9);
    body.open.pop();
    body.emit(rowById(`sub${suffix} imm`), counter, 0, 0, 1);
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
