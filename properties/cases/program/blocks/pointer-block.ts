// Pointers made out of other pointers: copies, constant and bounded variable distances, and bases so far off that the
// displacement which leads back into memory lies around what A64 encodes.

import { rowById } from "../../../../spec/bpf/isa.js";
import type { Body } from "./body.js";
import { displacement } from "./immediates.js";
import { dataPointers } from "./memory-block.js";
import { ALL, type Pointer } from "./registers.js";

const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const SUB = rowById("sub imm");
const ADD_REG = rowById("add reg");
const AND = rowById("and imm");

/** Positions stay this close to their region. */
const FAR = 0x1_0000;

/** Make a pointer out of another: copy, add a constant or a bounded scalar, in place or elsewhere. */
export function movePointer(body: Body): void {
  const { draw, state } = body;
  const mask = dataPointers(body, ({ region }) => region.movable);
  if (mask === 0) return;
  const from = draw.bit(mask);
  const how = draw.below(8);
  if (how < 3) addConstant(body, from, draw.between(-64, 64));
  else if (how < 5) addScalar(body, from);
  else if (how < 6) addToScalar(body, from);
  else body.copy(destinationFor(body, state.pointer(from)), from);
}

/** Where a pointer may be put: one that may dangle after a call stays out of the preserved registers. */
const destinationFor = (body: Body, pointer: Pointer): number => body.target(pointer.region.shortLived ? 0x3f : ALL);

function moved(pointer: Pointer, by: number): Pointer {
  const { region, low, high, step, end } = pointer;
  return { region, low: low + by, high: high + by, step, end };
}
const inSight = ({ low, high }: Pointer): boolean => low > -FAR && high < FAR;

function addConstant(body: Body, from: number, by: number): void {
  const { draw, state } = body;
  const pointer = moved(state.pointer(from), by);
  if (!inSight(pointer)) return;
  const inPlace = from !== 10 && !body.isLocked(from) && draw.chance(30);
  const to = inPlace ? from : destinationFor(body, pointer);
  if (to !== from) body.emit(MOV_REG, to, from, 0, 0);
  if (draw.chance(70)) body.emit(ADD, to, 0, 0, by);
  // From 0, as -0 is another number to whoever compares.
  else body.emit(SUB, to, 0, 0, 0 - by);
  state.setPointer(to, pointer);
}

/** `scalar = by; scalar += pointer`. */
function addToScalar(body: Body, from: number): void {
  const { draw, state } = body;
  const by = draw.between(-32, 32);
  const pointer = moved(state.pointer(from), by);
  if (!inSight(pointer)) return;
  const to = destinationFor(body, pointer);
  if (to === from) return;
  body.constant(to, by);
  body.emit(ADD_REG, to, from, 0, 0);
  state.setPointer(to, pointer);
}

/** `index = scalar; index &= mask; to = from; to += index`, with the mask so small that bytes remain in reach. */
function addScalar(body: Body, from: number): void {
  const { draw, state } = body;
  const pointer = state.pointer(from);
  const room = pointer.end - pointer.region.start - (pointer.high - pointer.low);
  const step = draw.pick(STEPS);
  if (room < 2 * step) return;
  let mask = step;
  while (mask * 4 + step * 2 <= room && draw.chance(75)) mask = mask * 2 + step;
  const index = body.mutable();
  if (index === from) return;
  const low = Math.max(
    pointer.region.start,
    Math.min(pointer.low, pointer.end - (pointer.high - pointer.low) - mask - 1),
  );
  const to = destinationFor(body, pointer);
  if (to === from || to === index) return;
  body.emit(AND, index, 0, 0, mask);
  body.emit(MOV_REG, to, from, 0, 0);
  if (low !== pointer.low) body.emit(ADD, to, 0, 0, low - pointer.low);
  body.emit(ADD_REG, to, index, 0, 0);
  state.setPointer(to, {
    region: pointer.region,
    low,
    high: low + (pointer.high - pointer.low) + mask,
    step: Math.min(step, pointer.step),
    end: pointer.end,
  });
}
const STEPS = [1, 2, 4, 8, 8] as const;

/** Move a pointer so that an odd displacement leads back into its memory, and use it. */
export function displace(body: Body): void {
  const { draw, state } = body;
  const loads = draw.chance(50);
  // First, since making a scalar may take the place of a pointer.
  const src = loads ? 0 : body.operand();
  const mask = dataPointers(body, ({ region, low, high }) => region.movable && low === high);
  if (mask === 0) return;
  const from = draw.bit(mask);
  const pointer = state.pointer(from);
  const row = loads ? draw.pick(body.plan.rows.loads) : draw.pick(body.plan.rows.stores);
  const first = pointer.region.start;
  const last = pointer.end - row.size;
  if (last < first || (!loads && !pointer.region.writable)) return;
  const off = displacement(draw);
  const aligned = pointer.region.aligned || draw.chance(50);
  let position = draw.between(first, last);
  if (aligned) position -= ((position % row.size) + row.size) % row.size;
  if (position < first) return;
  const result = moved(pointer, position - off - pointer.low);
  if (!inSight(result)) return;
  const to = destinationFor(body, pointer);
  if (to === from || (!loads && to === src)) return;
  body.emit(MOV_REG, to, from, 0, 0);
  body.emit(ADD, to, 0, 0, result.low - pointer.low);
  state.setPointer(to, result);
  if (loads) {
    const into = body.target();
    body.emit(row, into, to, off, 0);
    body.computed(into);
  } else body.emit(row, to, src, off, 0);
}
