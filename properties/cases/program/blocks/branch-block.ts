// Forward jumps: if, if-else, early exits, jumps to the end of any enclosing block, empty jumps, and stretches of code
// that run in another order than they lie. Operands are shaped so that both sides of every condition are taken.

import { type JumpRow, rowById } from "../../../../spec/bpf/isa.js";
import { arithmetic, fillBlock, innerBlock } from "./alu-block.js";
import type { Body, Label } from "./body.js";
import { EDGES, half, immediate } from "./immediates.js";
import { ALL } from "./registers.js";

const AND = rowById("and imm");
const ADD = rowById("add imm");
const COPY = rowById("mov reg");
const SHIFT = rowById("lsh imm");
const ADD_REG = rowById("add reg");
const LOAD_8 = rowById("ldxdw");
const TABLE = rowById("lddw mapFdValue");
const GOTOX = rowById("gotox");
const MAY_GOTO = rowById("may_goto");

/** An unconditional jump, to be aimed. */
export function goto(body: Body): void {
  const { draw, plan } = body;
  const { gotos } = plan.rows;
  body.emit(gotos[draw.chance(65) ? 0 : gotos.length - 1]!, 0, 0, 0, 0);
}

/** The code so far goes on at the label; nothing falls through. */
export function continueAt(body: Body, label: Label): void {
  goto(body);
  body.jumpsTo(label);
  body.dead = true;
}

/** A conditional jump, to be aimed; `may_goto` is one whose condition is the budget. */
function jumpIf(body: Body): void {
  const { draw } = body;
  if (body.plan.features.mayGoto && draw.chance(40)) {
    body.emit(MAY_GOTO, 0, 0, 0, 0);
    return;
  }
  const row = draw.pick(body.plan.rows.jumps);
  if (row.op === "jset" && draw.chance(40)) disjoint(body, row);
  else if (row.operand === "imm") {
    const dst = draw.chance(40) ? body.scalar() : body.mutable();
    body.emit(row, dst, 0, 0, comparand(body, dst));
  } else {
    const dst = draw.chance(60) ? body.scalar() : body.target();
    if (!((body.state.scalars >> dst) & 1)) body.seed(dst);
    body.emit(row, dst, neighbour(body, dst), 0, 0);
  }
}

/** A test of bits that the operands share in the upper half or nowhere: the sign extension of an immediate shows. */
function disjoint(body: Body, row: JumpRow): void {
  const { draw } = body;
  const bits = draw.chance(70) ? draw.pick(EDGES) | -0x8000_0000 : draw.pick(EDGES);
  const left = body.target();
  body.wide(left, ~bits & draw.pick(EDGES), half(draw));
  if (row.operand === "imm") body.emit(row, left, 0, 0, bits);
  else {
    const right = body.target();
    if (right !== left) body.wide(right, bits & ~body.slots[body.here - 2]!.imm, half(draw));
    body.emit(row, left, right, 0, 0);
  }
}

/** An immediate to compare a register with; mostly after making the register one of few values. */
function comparand(body: Body, register: number): number {
  const { draw } = body;
  const how = draw.below(10);
  if (body.isLocked(register) || how < 2) return draw.chance(30) ? draw.between(-3, 3) : immediate(draw);
  if (how < 5) {
    const mask = draw.pick(MASKS);
    body.emit(AND, register, 0, 0, mask);
    return mask > 0 && draw.chance(85) ? draw.between(0, mask) : draw.pick(EDGES);
  }
  const edge = draw.pick(EDGES);
  const near = (edge + draw.between(-1, 1)) | 0;
  if (draw.chance(30)) body.constant(register, near);
  else body.wide(register, near, draw.chance(60) ? draw.between(-1, 1) : half(draw));
  return edge;
}
const MASKS = [1, 3, 7, 3, -2, -0x8000_0000] as const;

/** A register to compare another one with: any, or one whose value is the same or next to it. */
function neighbour(body: Body, register: number): number {
  const { draw } = body;
  if (draw.chance(45)) return body.scalar();
  const other = body.target();
  if (other === register) return register;
  body.emit(draw.pick(body.plan.rows.copies), other, register, 0, 0);
  body.state.setScalar(other);
  if (draw.chance(60)) body.emit(ADD, other, 0, 0, draw.chance(50) ? draw.between(-1, 1) : draw.pick(EDGES));
  return other;
}

const MAX_NESTED = 4;

/** One of the shapes of forward jumps. */
export function branch(body: Body): void {
  const how = body.draw.below(100);
  if (body.ifDepth >= MAX_NESTED || how < 5) emptyJump(body);
  else if (how < 38) ifThen(body);
  else if (how < 60) ifElse(body);
  else if (how < 72) earlyExit(body);
  else if (how < 88) jumpOut(body);
  else if (how < 94 || !mayJumpThroughTables(body)) shuffled(body);
  else jumpThroughTable(body);
}

function within(body: Body, label: Label, content: () => void): void {
  body.open.push(label);
  body.ifDepth++;
  content();
  body.ifDepth--;
  body.open.pop();
}

function ifThen(body: Body): void {
  const after = body.label();
  jumpIf(body);
  body.jumpsTo(after);
  within(body, after, () => innerBlock(body, 10));
  body.place(after);
}

function ifElse(body: Body): void {
  const otherwise = body.label();
  const after = body.label();
  jumpIf(body);
  body.jumpsTo(otherwise);
  within(body, after, () => innerBlock(body, 6));
  continueAt(body, after);
  body.place(otherwise);
  within(body, after, () => innerBlock(body, 6));
  body.place(after);
}

function earlyExit(body: Body): void {
  const after = body.label();
  jumpIf(body);
  body.jumpsTo(after);
  if (body.draw.chance(40)) within(body, after, () => innerBlock(body, 3));
  body.leave();
  body.place(after);
}

/** To the end of an enclosing block, loops included. */
function jumpOut(body: Body): void {
  if (body.open.length === 0) ifThen(body);
  else {
    const label = body.draw.pick(body.open);
    jumpIf(body);
    body.jumpsTo(label);
  }
}

/** One in a function: where it has two, a validation takes each jump to go wherever any of them leads. */
const mayJumpThroughTables = ({ plan: { features, rows }, tables }: Body): boolean =>
  features.maps && rows.has("gotox") && tables.length === 0;

const TABLE_ENTRIES = [1, 2, 4, 8] as const;

/** `gotox` through an instruction array, by a register of few values, to one of several blocks. */
function jumpThroughTable(body: Body): void {
  const { draw, state } = body;
  const entries = draw.pick(TABLE_ENTRIES);
  const [from, index] = [body.scalar(), body.target()];
  body.emit(COPY, index, from, 0, 0);
  body.emit(AND, index, 0, 0, entries - 1);
  body.emit(SHIFT, index, 0, 0, 3);
  state.setScalar(index);
  const address = body.target(ALL & ~(1 << index));
  if (address === index) return;
  const table = { lddw: body.here, slots: [] as number[] };
  body.tables.push(table);
  body.lddw(TABLE, address, 0, 0);
  state.clobber(1 << address);
  body.emit(ADD_REG, address, index, 0, 0);
  body.emit(LOAD_8, address, address, 0, 0);
  body.emit(GOTOX, address, 0, 0, 0);
  const blocks = draw.between(1, Math.min(entries, 3));
  const after = body.label();
  const begins: number[] = [];
  const before = state.clone();
  for (let i = 0; i < blocks; i++) {
    body.dead = true;
    begins.push(body.here);
    body.place({ from: [], state: before.clone() });
    within(body, after, () => innerBlock(body, 5));
    continueAt(body, after);
  }
  body.place(after);
  for (let i = 0; i < entries; i++) table.slots.push(i < blocks ? begins[i]! : draw.pick(begins));
}

/** A jump to the next slot. */
function emptyJump(body: Body): void {
  const next = body.label();
  if (body.draw.chance(60)) goto(body);
  else jumpIf(body);
  body.jumpsTo(next);
  body.place(next);
}

/** `goto first; second: ...; goto after; first: ...; goto second; after:` with straight code in both. */
function shuffled(body: Body): void {
  const { slots, draw } = body;
  const start = body.here;
  const length = draw.between(1, 3);
  for (let i = 0; i < length; i++) arithmetic(body);
  const first = slots.splice(start);
  goto(body);
  const toFirst = start;
  const second = body.here;
  for (let i = 0; i < length; i++) arithmetic(body);
  goto(body);
  const toAfter = body.here - 1;
  body.aim(toFirst, body.here);
  slots.push(...first);
  goto(body);
  body.aim(body.here - 1, second);
  body.aim(toAfter, body.here);
}

/** Straight code, so long that a jump over it does not fit small fields. */
export function longJump(body: Body, distance: number): void {
  const after = body.label();
  if (body.plan.features.branches) {
    jumpIf(body);
    body.jumpsTo(after);
  }
  const end = body.here + distance;
  while (body.here < end) arithmetic(body);
  body.place(after);
  if ((body.state.scalars & ALL) === 0) fillBlock(body, body.here + 1);
}
