// Loads, stores and atomics through any pointer that the state knows, at displacements around what A64 encodes. Data is
// scalar; pointers are stored whole, in slots of the frame that nothing else touches.

import {
  type AtomicRow,
  type LoadRow,
  ROWS,
  rowById,
  type Size,
  type StoreImmRow,
  type StoreRow,
} from "../../spec/bpf/isa.js";
import type { Body } from "./body.js";
import { displacement, EDGES, immediate } from "./immediates.js";
import { ALL, at, type Pointer } from "./registers.js";

const LOADS = ROWS.filter((row): row is LoadRow => row.kind === "load" && row.mode === "mem");
const STORES = ROWS.filter((row): row is StoreRow => row.kind === "store" && row.mode === "mem");
const STORE_IMMS = ROWS.filter((row): row is StoreImmRow => row.kind === "storeImm" && row.mode === "mem");
const ATOMICS = ROWS.filter((row): row is AtomicRow => row.kind === "atomic" && row.mode === "mem");
const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const SUB = rowById("sub imm");
const ADD_REG = rowById("add reg");
const AND = rowById("and imm");
const LOAD_8 = rowById("ldxdw");
const STORE_8 = rowById("stxdw");

const NOWHERE = 0x7fff_ffff;

/** A displacement at which `size` bytes lie within the pointer's memory, or NOWHERE. */
function reach(body: Body, pointer: Pointer, size: number, aligned: boolean): number {
  const { region, low, high, end, step } = pointer;
  const first = Math.max(region.start - low, -0x8000);
  const last = Math.min(end - high - size, 0x7fff);
  if (first > last) return NOWHERE;
  if (!aligned && !region.aligned && body.draw.chance(40)) return body.draw.between(first, last);
  if (step % size !== 0) return aligned || region.aligned ? NOWHERE : body.draw.between(first, last);
  const start = first + ((size - ((low + first) % size)) % size);
  if (start > last) return NOWHERE;
  const places = Math.floor((last - start) / size) + 1;
  const which = body.draw.below(8);
  return start + size * (which === 0 ? 0 : which === 1 ? places - 1 : body.draw.below(places));
}

const reachable = ({ region, low, high, end }: Pointer): boolean =>
  region.start - low <= 0x7fff && end - high > region.start - low && end - high > -0x8000;

const isData = ({ region: { kind } }: Pointer): boolean => kind !== "map" && kind !== "packetEnd";

/** Registers with pointers to accessible data. The XDP context holds pointers, not data. */
export function dataPointers(body: Body, wanted: (pointer: Pointer) => boolean = () => true): number {
  const { state, plan } = body;
  let mask = 0;
  for (let register = 0; register <= 10; register++) {
    if (!((state.pointers >> register) & 1)) continue;
    const pointer = state.pointer(register);
    if (!isData(pointer) || (pointer.region === plan.context && plan.kind === "xdp")) continue;
    if (reachable(pointer) && wanted(pointer)) mask |= 1 << register;
  }
  return mask;
}

/** One access, perhaps after moving a pointer to where an odd displacement is needed. */
export function access(body: Body): void {
  const { draw } = body;
  if (body.plan.features.pointers && draw.chance(15)) displace(body);
  const how = draw.below(100);
  if (how < 40) load(body);
  else if (how < 62) store(body);
  else if (how < 80 || !body.plan.features.atomics) storeImm(body);
  else atomic(body);
}

/** Load a scalar from any data pointer. @returns whether there was one. */
export function load(body: Body, into = -1): boolean {
  const mask = dataPointers(body);
  if (mask === 0) return false;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(LOADS);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off === NOWHERE) return false;
  const dst = into >= 0 ? into : body.target();
  body.emit(row, dst, base, off, 0);
  body.state.setScalar(dst);
  return true;
}

const isWritable = (pointer: Pointer): boolean => pointer.region.writable;

function store(body: Body): void {
  const src = body.scalar();
  const mask = dataPointers(body, isWritable);
  if (mask === 0) return;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(STORES);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off !== NOWHERE) body.emit(row, base, src, off, 0);
}

function storeImm(body: Body): void {
  const mask = dataPointers(body, isWritable);
  if (mask === 0) return;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(STORE_IMMS);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off !== NOWHERE) body.emit(row, base, 0, off, immediate(body.draw));
}

function atomic(body: Body): void {
  const { draw, state } = body;
  const row = draw.pick(ATOMICS);
  const src = row.src === "rw" ? body.mutable() : body.scalar();
  if (row.op === "cmpxchg" && !(state.scalars & 1)) {
    if (!body.mayClobberR0) return;
    body.constant(0, draw.chance(60) ? 0 : draw.pick(EDGES));
  }
  if (row.op === "cmpxchg" && !body.mayClobberR0) return;
  const mask = dataPointers(body, (pointer) => pointer.region.atomics);
  if (mask === 0) return;
  const base = draw.bit(mask);
  const off = reach(body, state.pointer(base), row.size, true);
  if (off === NOWHERE) return;
  if (row.op === "cmpxchg" && draw.chance(50)) {
    body.emit(row.size === 8 ? LOAD_8 : LOAD_4, 0, base, off, 0);
  }
  body.emit(row, base, src, off, 0);
}
const LOAD_4 = rowById("ldxw");

/** Positions stay this close to their region. */
const FAR = 0x1_0000;

/** Make a pointer out of another: copy, add a constant or a bounded scalar, in place or elsewhere. */
export function movePointer(body: Body): void {
  const { draw, state } = body;
  const mask = dataPointers(body, ({ region }) => region.movable);
  if (mask === 0) return;
  const from = draw.bit(mask);
  const how = draw.below(10);
  if (how < 3) addConstant(body, from, draw.between(-64, 64));
  else if (how < 5) addScalar(body, from);
  else if (how < 6) addToScalar(body, from);
  else if (how < 8) displace(body);
  else body.copy(destinationFor(body, state.pointer(from)), from);
}

/** Where a pointer may be put: one that may dangle after a call stays out of the preserved registers. */
const destinationFor = (body: Body, pointer: Pointer): number => body.target(pointer.region.shortLived ? 0x3f : ALL);

function moved(pointer: Pointer, by: number): Pointer {
  return { ...pointer, low: pointer.low + by, high: pointer.high + by };
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
  else body.emit(SUB, to, 0, 0, -by);
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
    ...pointer,
    low,
    high: low + (pointer.high - pointer.low) + mask,
    step: Math.min(step, pointer.step),
  });
}
const STEPS = [1, 2, 4, 8, 8] as const;

/** Move a pointer so that an odd displacement leads back into its memory, and use it. */
function displace(body: Body): void {
  const { draw, state } = body;
  const loads = draw.chance(50);
  // First, since making a scalar may take the place of a pointer.
  const src = loads ? 0 : body.scalar();
  const mask = dataPointers(body, ({ region, low, high }) => region.movable && low === high);
  if (mask === 0) return;
  const from = draw.bit(mask);
  const pointer = state.pointer(from);
  const row = loads ? draw.pick(LOADS) : draw.pick(STORES);
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
    state.setScalar(into);
  } else body.emit(row, to, src, off, 0);
}

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
