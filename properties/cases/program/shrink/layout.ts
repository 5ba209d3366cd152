// Laying code out anew: every block right behind the one that leads to it, so that gotos which only move control to
// another place go away. Functions stay whole, in the order in which they are first called.

import { branchTarget, type Insn, insn } from "../../../../spec/bpf/insn.js";
import { rowById } from "../../../../spec/bpf/isa.js";

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
    const distance = places[target]! - pc - 1;
    return slot.row.off === "branch" ? { ...slot, off: distance } : { ...slot, imm: distance };
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
      if (slot.row.kind === "jump") blocks.push(target!);
      if (slot.row.kind === "exit" || slot.row.kind === "ja") break;
      pc++;
    }
  }
}
