// The frame as a place: pointers are spilled whole, to slots that nothing else touches, and a frame that nobody has
// written is filled before anything reads it.

import { rowById, type Size } from "../../../../spec/bpf/isa.js";
import type { Body } from "./body.js";
import { immediate } from "./immediates.js";
import { STORE_IMMS, STORES } from "./memory-block.js";
import { ALL, at } from "./registers.js";

const LOAD_8 = rowById("ldxdw");
const STORE_8 = rowById("stxdw");

/** Spill a pointer to its slot of the frame, or fill a register from there. */
export function spillOrFill(body: Body): void {
  const { draw, state } = body;
  const filled = body.spillSlots.map((_, i) => i + 11).filter((place) => (state.pointers >> place) & 1);
  if (filled.length > 0 && draw.chance(60)) {
    fill(body, draw.pick(filled), body.target());
    return;
  }
  let mask = 0;
  for (let r = 0; r < 10; r++) if ((state.pointers >> r) & 1 && state.pointer(r).region.spillable) mask |= 1 << r;
  const place = body.spillTarget();
  if (mask !== 0 && place >= 0) spill(body, place, draw.bit(mask));
}

export function spill(body: Body, place: number, from: number): void {
  body.emit(STORE_8, 10, from, body.spillOffset(place), 0);
  body.state.setPointer(place, body.state.pointer(from));
}

export function fill(body: Body, place: number, to: number): void {
  body.emit(LOAD_8, to, 10, body.spillOffset(place), 0);
  body.state.setPointer(to, body.state.pointer(place));
}

/** Initialise all data of the frame: a callee must not read what it did not write. */
export function clearFrame(body: Body): void {
  const { frame, draw } = body;
  for (let position = frame.start; position < frame.end; ) {
    const size = ([8, 4, 2, 1] as const).find((s) => position % s === 0 && position + s <= frame.end) ?? 1;
    const scalars = body.state.scalars & ALL;
    if (scalars !== 0 && draw.chance(40)) body.emit(STORE_OF[size], 10, draw.bit(scalars), position, 0);
    else body.emit(STORE_IMM_OF[size], 10, 0, position, immediate(draw));
    position += size;
  }
  body.state.setPointer(10, at(frame, 0));
}
const bySize = <T extends { readonly size: Size }>(rows: readonly T[]): Record<Size, T> => {
  const of = (size: Size): T => rows.find((row) => row.size === size)!;
  return { 1: of(1), 2: of(2), 4: of(4), 8: of(8) };
};
const STORE_OF = bySize(STORES);
const STORE_IMM_OF = bySize(STORE_IMMS);
