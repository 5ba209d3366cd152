// Editing code: slots are overwritten or deleted in place, with every distance still the old one, and then everything is
// pushed together. What no path reaches goes away by itself, and jumps into deleted slots lead to what follows them.

import { branchTarget, type Insn, insn, withDistance } from "../../../../spec/bpf/insn.js";
import { rowById } from "../../../../spec/bpf/isa.js";

/** Code in the middle of an edit: `undefined` is a deleted slot. */
export type Draft = (Insn | undefined)[];

interface Settled {
  readonly code: readonly Insn[];
  /** By slot of the draft: the slot of the code that it has become, or that follows it where it is gone. */
  readonly places: Int32Array;
}

/**
 * Put a draft together, or undefined if control would run off its end.
 * @param named slots that instruction arrays name
 */
export function settle(draft: Draft, named: readonly number[] = []): Settled | undefined {
  dropHalves(draft);
  const reached = reach(draft, named);
  if (reached === undefined) return undefined;
  const places = new Int32Array(draft.length + 1);
  let next = 0;
  for (let pc = 0; pc < draft.length; pc++) {
    places[pc] = next;
    if (draft[pc] !== undefined && reached[pc] === 1) next++;
  }
  places[draft.length] = next;
  const code: Insn[] = [];
  for (let pc = 0; pc < draft.length; pc++) {
    const slot = draft[pc];
    if (slot !== undefined && reached[pc] === 1) code.push(reaim(slot, pc, places));
  }
  return { code, places };
}

/** Neither half of an lddw stays without the other. */
function dropHalves(draft: Draft): void {
  for (let pc = 0; pc < draft.length; pc++) {
    const kind = draft[pc]?.row.kind;
    if (kind === "lddw" && draft[pc + 1]?.row.kind !== "lddwHigh") draft[pc] = undefined;
    if (kind === "lddwHigh" && draft[pc - 1]?.row.kind !== "lddw") draft[pc] = undefined;
  }
}

/** 1 for every slot that a path from slot 0 leads through. */
function reach(draft: Draft, named: readonly number[]): Uint8Array | undefined {
  const reached = new Uint8Array(draft.length);
  const pending = [0];
  for (let start = pending.pop(); start !== undefined; start = pending.pop()) {
    for (let pc = start; ; pc++) {
      if (pc < 0 || pc >= draft.length) return undefined;
      if (reached[pc] === 1) break;
      reached[pc] = 1;
      const slot = draft[pc];
      if (slot === undefined) continue;
      const target = branchTarget(slot, pc);
      if (target !== undefined) pending.push(target);
      if (slot.row.kind === "gotox") pending.push(...named);
      if (slot.row.kind === "exit" || slot.row.kind === "ja" || slot.row.kind === "gotox") break;
    }
  }
  return reached;
}

function reaim(slot: Insn, pc: number, places: Int32Array): Insn {
  const target = branchTarget(slot, pc);
  if (target === undefined) return slot;
  const distance = places[target]! - places[pc]! - 1;
  return target === pc + 1 + distance ? slot : withDistance(slot, distance);
}

/** Slots from `start` to before `end` deleted. */
export function without(code: readonly Insn[], start: number, end: number): Draft {
  const draft: Draft = code.slice();
  draft.fill(undefined, start, end);
  return draft;
}

/** The slots from `pc` on overwritten. */
export function overwritten(code: readonly Insn[], pc: number, ...slots: readonly Insn[]): Draft {
  const draft: Draft = code.slice();
  for (let i = 0; i < slots.length; i++) draft[pc + i] = slots[i];
  return draft;
}

const GOTO = rowById("gotol");

/** An instruction in its new place; its target, if it has one, is an old place. */
interface Placed {
  readonly slot: Insn;
  readonly target: number | undefined;
}

/** The code in another order. Control must not run off its end. */
export function straightened(code: readonly Insn[]): readonly Insn[] {
  const placed: Placed[] = [];
  const places = new Int32Array(code.length).fill(-1);
  const functions = [0];
  for (let start = functions.pop(); start !== undefined; start = functions.pop()) {
    if (places[start] === -1) placeFunction(code, start, places, placed, functions);
  }
  return placed.map(({ slot, target }, pc) => {
    if (target === undefined) return slot;
    return withDistance(slot, places[target]! - pc - 1);
  });
}

function placeFunction(
  code: readonly Insn[],
  start: number,
  places: Int32Array,
  placed: Placed[],
  functions: number[],
): void {
  const blocks = [start];
  for (let block = blocks.pop(); block !== undefined; block = blocks.pop()) {
    if (places[block] !== -1) continue;
    for (let pc = block; ; ) {
      if (places[pc] !== -1) {
        placed.push({ slot: insn(GOTO), target: pc });
        break;
      }
      const slot = code[pc]!;
      const target = branchTarget(slot, pc);
      places[pc] = placed.length;
      if (slot.row.kind === "ja" && target !== pc) {
        // What control meets there comes next, and counts for the goto as well.
        pc = target!;
        continue;
      }
      placed.push({ slot, target });
      if (slot.row.kind === "call" && target !== undefined) functions.push(target);
      if (slot.row.kind === "jump" || slot.row.kind === "mayGoto") blocks.push(target!);
      if (slot.row.kind === "exit" || slot.row.kind === "ja") break;
      pc++;
    }
  }
}
