// Loads, stores and atomics of scalars through any pointer that the state knows, near it. Pointers into odd places are
// made in pointer-block.ts.

import { type AtomicRow, rowById, type Size } from "../../../../spec/bpf/isa.js";
import { hasFields } from "../../../../spec/bpf/program.js";
import type { Body } from "./body.js";
import { EDGES, immediate } from "./immediates.js";
import { ALL, at, type Pointer, SPILL } from "./registers.js";

const LOAD_8 = rowById("ldxdw");
const STORE_8 = rowById("stxdw");
const LOAD_4 = rowById("ldxw");
const MOV32 = rowById("mov32 reg");
const ADD = rowById("add imm");

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
    if (!isData(pointer) || (pointer.region === plan.context && hasFields(plan.kind))) continue;
    if (reachable(pointer) && wanted(pointer)) mask |= 1 << register;
  }
  return mask;
}

/** One access. */
export function access(body: Body): void {
  const { draw } = body;
  const how = draw.below(100);
  if (how < 36) load(body);
  else if (how < 55) store(body);
  else if (body.plan.rows.storeImms.length > 0 && (how < 70 || !body.plan.features.atomics)) storeImm(body);
  else if (body.plan.features.atomics) atomic(body);
  else store(body);
}

/** Load a scalar from any data pointer. @returns whether there was one. */
export function load(body: Body, wanted?: (pointer: Pointer) => boolean): boolean {
  const mask = dataPointers(body, wanted);
  if (mask === 0) return false;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(body.plan.rows.loads);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off === NOWHERE) return false;
  const dst = body.target();
  body.emit(row, dst, base, off, 0);
  body.computed(dst);
  return true;
}

const isWritable = (pointer: Pointer): boolean => pointer.region.writable;

function store(body: Body): void {
  const src = body.operand();
  const mask = dataPointers(body, isWritable);
  if (mask === 0) return;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(body.plan.rows.stores);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off !== NOWHERE) body.emit(row, base, src, off, 0);
}

function storeImm(body: Body): void {
  const mask = dataPointers(body, isWritable);
  if (mask === 0) return;
  const base = body.draw.bit(mask);
  const row = body.draw.pick(body.plan.rows.storeImms);
  const off = reach(body, body.state.pointer(base), row.size, false);
  if (off !== NOWHERE) body.emit(row, base, 0, off, immediate(body.draw));
}

/** In a hundred: atomics whose old value takes the register of their base. */
const ALIASED = 16;
/** Where addresses are the same in every run, so that they may go into results. */
const FIXED: ReadonlySet<string> = new Set(["context", "value"]);

/** The base in the register that the old value goes to, which for most is the data as well. */
function aliased(body: Body, row: AtomicRow, base: number, off: number, src: number): void {
  const both = row.op === "cmpxchg" ? 0 : body.target();
  if (both !== base) body.copy(both, base);
  if (off !== 0) body.emit(ADD, both, 0, 0, off);
  body.emit(row, both, row.op === "cmpxchg" ? src : both, 0, 0);
  body.computed(both);
}

/** In a hundred atomics: a load that nothing may pass, or a store that may pass nothing. */
const ORDERED = 12;

function ordered(body: Body): void {
  const { draw, state, plan } = body;
  const row = draw.pick(plan.rows.ordered);
  const src = row.kind === "storeRelease" ? body.operand() : 0;
  const mask = dataPointers(body, (pointer) => pointer.region.atomics && isWritable(pointer));
  if (mask === 0) return;
  const base = draw.bit(mask);
  const off = reach(body, state.pointer(base), row.size, true);
  if (off === NOWHERE) return;
  if (row.kind === "storeRelease") {
    body.emit(row, base, src, off, 0);
    return;
  }
  const dst = body.target();
  body.emit(row, dst, base, off, 0);
  body.computed(dst);
}

function atomic(body: Body): void {
  const { draw, state } = body;
  if (body.plan.rows.ordered.length > 0 && draw.chance(ORDERED)) {
    ordered(body);
    return;
  }
  const row = draw.pick(body.plan.rows.atomics);
  const src = row.src === "rw" ? body.mutable() : body.operand();
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
  if (row.fetch && FIXED.has(state.pointer(base).region.kind) && draw.chance(ALIASED)) {
    aliased(body, row, base, off, src);
    return;
  }
  if (row.op === "cmpxchg" && draw.chance(50)) {
    body.emit(row.size === 8 ? LOAD_8 : LOAD_4, 0, base, off, 0);
    // Then they are equal in the lower half only.
    if (row.size === 8 && body.plan.rows.has(MOV32.id) && draw.chance(30)) body.emit(MOV32, 0, 0, 0, 0);
  }
  body.emit(row, base, src, off, 0);
  if (row.fetch) body.computed(row.op === "cmpxchg" ? 0 : src);
}

// The frame as a place: pointers are spilled whole, to slots that nothing else touches, and a frame that nobody has written
// is filled before anything reads it.

/** Spill a pointer to its slot of the frame, or fill a register from there. */
export function spillOrFill(body: Body): void {
  const { draw, state } = body;
  const filled: number[] = [];
  for (let i = 0; i < body.spillSlots.length; i++) if ((state.pointers >> (SPILL + i)) & 1) filled.push(SPILL + i);
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

const SIZES: readonly Size[] = [8, 4, 2, 1];

/** Initialise all data of the frame: a callee must not read what it did not write. */
export function clearFrame(body: Body): void {
  const { frame, draw } = body;
  for (let position = frame.start; position < frame.end; ) {
    const size = SIZES.find((s) => position % s === 0 && position + s <= frame.end) ?? 1;
    const scalars = body.state.scalars & ALL;
    const ofSize = ({ size: bytes }: { readonly size: Size }): boolean => bytes === size;
    const immediateRow = body.plan.rows.storeImms.find(ofSize);
    if (immediateRow === undefined || (scalars !== 0 && draw.chance(40))) {
      const src = scalars === 0 ? body.mutable() : draw.bit(scalars);
      body.emit(body.plan.rows.stores.find(ofSize)!, 10, src, position, 0);
    } else body.emit(immediateRow, 10, 0, position, immediate(draw));
    position += size;
  }
  body.state.setPointer(10, at(frame, 0));
}
