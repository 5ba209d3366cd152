// XDP: load the packet's bounds from the context, prove that some bytes are there, and work on them.

import { rowById } from "../../../../spec/bpf/isa.js";
import { innerBlock } from "./alu-block.js";
import type { Body } from "./body.js";
import { continueAt } from "./branch-block.js";
import { contextPlace, loadContext } from "./call-block.js";
import { load } from "./memory-block.js";
import { ALL, SPILL } from "./registers.js";

const LOAD_FIELD = rowById("ldxw");
const MOV_REG = rowById("mov reg");
const ADD = rowById("add imm");
const SUB_REG = rowById("sub reg");
/** Offsets of the pointers to the packet. */
const POINTERS = {
  xdp: { data: 0, end: 4, meta: 8 },
  skb: { data: 76, end: 80, meta: 140 },
} as const;

/** `past` is data plus the bytes wanted. `outside`: jump if they are not all there; `inside`: jump if they are. */
const CHECKS = [
  { row: rowById("jgt reg"), pastFirst: true, inside: false },
  { row: rowById("jlt reg"), pastFirst: false, inside: false },
  { row: rowById("jle reg"), pastFirst: true, inside: true },
  { row: rowById("jge reg"), pastFirst: false, inside: true },
] as const;

/** A bounds check and a block that may use the packet. */
export function usePacket(body: Body): void {
  const { plan, draw, state } = body;
  const at = plan.kind === "xdp" || plan.kind === "skb" ? POINTERS[plan.kind] : undefined;
  if (at === undefined || body.ifDepth > 3 || contextPlace(body) < 0) return;
  const registers = threeRegisters(body);
  if (registers === undefined) return;
  const [data, past, end] = registers;
  const wanted = draw.chance(80) ? draw.between(1, 32) : draw.between(1, 80);
  const context = contextRegister(body, end);
  body.emit(LOAD_FIELD, data, context, at.data, 0);
  if (draw.chance(30)) measure(body, context, registers, draw.chance(60) ? at.end : at.meta);
  body.emit(LOAD_FIELD, end, context, at.end, 0);
  const proven = { region: plan.packet, low: 0, high: 0, step: 8, end: 0 };
  state.setPointer(data, proven);
  state.setPointer(end, { region: plan.packetEnd, low: 0, high: 0, step: 8, end: 0 });
  body.emit(MOV_REG, past, data, 0, 0);
  body.emit(ADD, past, 0, 0, wanted);
  state.setPointer(past, { region: plan.packet, low: wanted, high: wanted, step: 8, end: 0 });
  const after = check(body, past, end);
  body.state.setPointer(data, { region: plan.packet, low: 0, high: 0, step: 8, end: wanted });
  body.ifDepth++;
  load(body);
  innerBlock(body, 10);
  body.ifDepth--;
  body.place(after);
}

/** A number: how long the packet is, or how much lies before it, which is nothing. `past` is free for it. */
function measure(body: Body, context: number, [data, past, end]: readonly [number, number, number], off: number): void {
  const { draw } = body;
  body.emit(LOAD_FIELD, past, context, off, 0);
  body.emit(SUB_REG, past, data, 0, 0);
  body.state.setScalar(past);
  const taken = (1 << data) | (1 << past) | (1 << end) | (1 << context);
  const free = ALL & ~body.locked & ~taken;
  if (free === 0) return;
  const kept = draw.bit(free);
  body.copy(kept, past);
  body.computed(kept);
}

/** Emit the comparison. @returns the label of what follows when the bytes are not there. */
function check(body: Body, past: number, end: number): ReturnType<Body["label"]> {
  const { row, pastFirst, inside } = body.draw.pick(CHECKS);
  const after = body.label();
  body.emit(row, pastFirst ? past : end, pastFirst ? end : past, 0, 0);
  if (!inside) {
    body.jumpsTo(after);
    return after;
  }
  const enough = body.label();
  body.jumpsTo(enough);
  continueAt(body, after);
  body.place(enough);
  return after;
}

/** Registers for data, its end and the bound, none of them the place of the context pointer. */
function threeRegisters(body: Body): readonly [number, number, number] | undefined {
  const place = contextPlace(body);
  let free = ALL & ~body.locked & ~(place < SPILL ? 1 << place : 0);
  const taken: number[] = [];
  for (let i = 0; i < 3; i++) {
    if (free === 0) return undefined;
    const register = body.draw.bit(free);
    free &= ~(1 << register);
    taken.push(register);
  }
  return taken as unknown as readonly [number, number, number];
}

/** The register that holds the context; a spilled one is filled into `spare`, the last of the two that are loaded. */
function contextRegister(body: Body, spare: number): number {
  const place = contextPlace(body);
  if (place < SPILL) return place;
  loadContext(body, spare);
  return spare;
}
