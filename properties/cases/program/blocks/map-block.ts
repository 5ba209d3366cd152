// Maps: their pointers in every form of lddw, lookups with the null check that must follow, updates and deletions with
// keys and values in the frame.

import { rowById } from "../../../../spec/bpf/isa.js";
import type { ArrayMap, DataMap, MapOfMaps } from "../../../../spec/bpf/program.js";
import { fillBlock, innerBlock } from "./alu-block.js";
import type { Body } from "./body.js";
import { continueAt } from "./branch-block.js";
import { callHelper } from "./call-block.js";
import { EDGES } from "./immediates.js";
import { ALL, at, SAVED } from "./registers.js";

const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const STORE_IMM = [rowById("stb"), rowById("sth"), rowById("stw"), rowById("stdw")] as const;
const STORE_4 = rowById("stxw");
const IF_NULL = rowById("jeq imm");
const IF_NOT_NULL = rowById("jne imm");
const MAX_NESTED = 3;
const PREFIX_BYTES = 4;
const LOOKUP = 1;
const UPDATE = 2;
const DELETE = 3;

/** One use of a map. */
export function useMap(body: Body): void {
  const { draw, plan } = body;
  if (plan.mapsOfMaps.length > 0 && draw.chance(35)) {
    throughInner(body);
    return;
  }
  if (plan.dataMaps.length === 0) return;
  const map = draw.pick(plan.dataMaps);
  const spec = plan.maps[map] as DataMap;
  const how = draw.below(100);
  if (spec.kind === "array" && spec.entries === 1 && how < 40) directValue(body, map, spec);
  else if (how < 50) loadMapPointer(body, map, body.target());
  else if (!body.mayCall || body.ifDepth > MAX_NESTED) return;
  else if (how < 75 || spec.kind === "redirect") lookup(body, map, spec);
  else if (how < 92) update(body, map, spec);
  else remove(body, map, spec);
}

function directValue(body: Body, map: number, spec: ArrayMap): void {
  const { draw, plan } = body;
  const register = body.target();
  const position = draw.chance(60) ? 0 : draw.below(spec.valueBytes);
  body.lddw(draw.pick(body.plan.rows.mapValues), register, map, position);
  body.state.setPointer(register, at(plan.values[map]!, position));
}

/** Pointers to maps wait in any register until a helper wants them. */
export function loadMapPointer(body: Body, map: number, register: number): void {
  const object = body.plan.mapObjects[map]!;
  for (let from = 0; from < 10; from++) {
    if (from !== register && (body.state.pointers >> from) & 1 && body.state.pointer(from).region === object) {
      body.copy(register, from);
      return;
    }
  }
  body.lddw(body.draw.pick(body.plan.rows.mapObjects), register, map, 0);
  body.state.setPointer(register, at(object, 0));
}

/** A position in the frame with room for `bytes`, aligned as keys and values are; undefined if it is too small. */
function room(body: Body, bytes: number): number | undefined {
  const { start, end } = body.frame;
  const align = bytes >= 8 ? 8 : 4;
  const first = Math.ceil(start / align) * align;
  const places = Math.floor((end - bytes - first) / align) + 1;
  return places > 0 ? first + align * body.draw.below(places) : undefined;
}

export function pointToFrame(body: Body, register: number, position: number): void {
  body.emit(MOV_REG, register, 10, 0, 0);
  body.emit(ADD, register, 0, 0, position);
  body.state.setPointer(register, at(body.frame, position));
}

/** Write a key into the frame, one that other accesses are likely to use too. */
function writeKey(body: Body, spec: DataMap, position: number): void {
  const { draw, state } = body;
  if (spec.kind === "hash" || spec.kind === "lpmTrie") {
    // A prefix is a number of bits.
    const first = spec.kind === "lpmTrie" ? PREFIX_BYTES : 0;
    if (first > 0) body.emit(STORE_IMM[2], 10, 0, position, draw.below(8 * (spec.keyBytes - first) + 2));
    else if (draw.chance(30)) return;
    for (let done = first; done < spec.keyBytes; ) {
      const power = spec.keyBytes - done >= 4 ? 2 : spec.keyBytes - done >= 2 ? 1 : 0;
      body.emit(STORE_IMM[power]!, 10, 0, position + done, done === first ? draw.below(3) : 0);
      done += 2 ** power;
    }
    return;
  }
  const scalars = state.scalars & ALL;
  if (scalars !== 0 && draw.chance(25)) {
    body.emit(STORE_4, 10, draw.bit(scalars), position, 0);
    return;
  }
  const key = draw.chance(75) ? draw.below(spec.entries) : draw.chance(50) ? spec.entries : draw.pick(EDGES);
  body.emit(STORE_IMM[2], 10, 0, position, key);
}

/** Point r1 at the map and r2 at a key. @returns where the key is; undefined, with nothing appended, if the frame is too small */
function keyArguments(body: Body, map: number, spec: DataMap): number | undefined {
  const position = room(body, spec.keyBytes);
  if (position === undefined) return undefined;
  writeKey(body, spec, position);
  pointToFrame(body, 2, position);
  loadMapPointer(body, map, 1);
  return position;
}

function lookup(body: Body, map: number, spec: DataMap): void {
  if (keyArguments(body, map, spec) === undefined) return;
  callHelper(body, LOOKUP);
  const { draw, plan } = body;
  const after = body.label();
  const found = at(plan.values[map]!, 0);
  if (draw.chance(65)) {
    body.emit(IF_NULL, 0, 0, 0, 0);
    body.jumpsTo(after);
  } else {
    const present = body.label();
    body.emit(IF_NOT_NULL, 0, 0, 0, 0);
    body.jumpsTo(present);
    if (draw.chance(40)) body.leave();
    else continueAt(body, after);
    body.place(present);
  }
  body.state.setPointer(0, found);
  body.ifDepth++;
  if (draw.chance(50)) {
    const other = body.target(found.region.shortLived ? 0x3e : ALL & ~1);
    if (other !== 0) body.copy(other, 0);
  }
  fillBlock(body, body.here + 1);
  innerBlock(body, 8);
  body.ifDepth--;
  body.place(after);
}

/** The map that a key of a map of maps stands for, and with it a lookup, an update or a deletion. */
function throughInner(body: Body): void {
  const { draw, plan, state } = body;
  const outer = draw.pick(plan.mapsOfMaps);
  const spec = plan.maps[outer] as MapOfMaps;
  const inner = spec.inner[0]!.map;
  const values = plan.maps[inner] as DataMap;
  const position = room(body, Math.max(spec.keyBytes, values.keyBytes));
  if (position === undefined || !body.mayCall || body.ifDepth > MAX_NESTED) return;
  body.emit(STORE_IMM[2], 10, 0, position, draw.below(spec.entries + 1));
  pointToFrame(body, 2, position);
  loadMapPointer(body, outer, 1);
  callHelper(body, LOOKUP);
  state.forget(1);
  const after = body.label();
  body.emit(IF_NULL, 0, 0, 0, 0);
  body.jumpsTo(after);
  // All inner maps are of one shape.
  body.state.setPointer(0, at(plan.mapObjects[inner]!, 0));
  body.copy(1, 0);
  writeKey(body, values, position);
  pointToFrame(body, 2, position);
  callHelper(body, LOOKUP);
  state.forget(1);
  body.emit(IF_NULL, 0, 0, 0, 0);
  body.jumpsTo(after);
  body.state.setPointer(0, at(plan.values[inner]!, 0));
  body.ifDepth++;
  innerBlock(body, 6);
  body.ifDepth--;
  body.place(after);
}

function update(body: Body, map: number, spec: DataMap): void {
  const { draw } = body;
  const value = room(body, spec.valueBytes);
  const key = value === undefined ? undefined : keyArguments(body, map, spec);
  if (key === undefined || value === undefined) return;
  setValue(body, value, draw.chance(70) ? 0 : draw.between(0, 4));
  if (spec.kind === "hash" && draw.chance(50)) again(body, map, key, value);
}

/** Of the map and the key that r1 and r2 point to. */
function setValue(body: Body, value: number, flags: number): void {
  pointToFrame(body, 3, value);
  body.constant(4, flags);
  callHelper(body, UPDATE);
}

/** The same key once more: only what is there can be deleted, or be in the way of what must be new. */
function again(body: Body, map: number, key: number, value: number): void {
  const { draw } = body;
  for (let left = draw.between(1, 3); left > 0; left--) {
    const kept = body.target(SAVED);
    body.emit(MOV_REG, kept, 0, 0, 0);
    body.computed(kept);
    pointToFrame(body, 2, key);
    loadMapPointer(body, map, 1);
    if (draw.chance(40)) callHelper(body, DELETE);
    else setValue(body, value, draw.below(3));
  }
}

function remove(body: Body, map: number, spec: DataMap): void {
  if (keyArguments(body, map, spec) !== undefined) callHelper(body, DELETE);
}
