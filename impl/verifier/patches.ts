// Instructions put in the place of others, with the jumps of the whole function aimed again. Used wherever something
// between a program and its JIT rewrites instructions: guards of divisions, blinded constants.

import { type Insn, withDistance } from "../../spec/bpf/insn.js";
import { shortInts } from "../../spec/slab.js";

/** What takes the place of a slot: one instruction, as nearly everywhere, or several. */
export type Patch = Insn | readonly Insn[];
export const isSeveral = (patch: Patch): patch is readonly Insn[] => Array.isArray(patch);

export interface Patched {
  readonly ok: true;
  readonly insns: readonly Insn[];
  /** Index of an instruction -> slot that it was made from. */
  readonly origin: Int32Array;
}
/** The jump of that slot would have to go further than its field can say. */
export interface TooFar {
  readonly ok: false;
  readonly slot: number;
  readonly distance: number;
}

/**
 * `patches[slot]` takes the place of that slot. A jump in it that stays inside, or goes to its end, is left alone. One that
 * goes further keeps its target: counted from the patch's end forwards, and backwards from its start.
 */
export function joinPatches(patches: readonly Patch[]): Patched | TooFar {
  const places = startsOf(patches);
  const insns: Insn[] = [];
  const origin = shortInts(places[patches.length]!);
  for (let slot = 0; slot < patches.length; slot++) {
    const patch = patches[slot]!;
    const length = lengthOf(patch);
    for (let index = 0; index < length; index++) {
      const made = isSeveral(patch) ? patch[index]! : patch;
      origin[insns.length] = slot;
      if (!isJump(made)) {
        insns.push(made);
        continue;
      }
      const distance = made[fieldOf(made)];
      const aimed = aim(length, index, distance, slot, places);
      if (aimed === undefined) {
        throw new RangeError(`slot ${slot} jumps by ${distance} out of a function of ${patches.length} slots`);
      }
      if (made.row.off === "branch" && aimed !== (aimed << 16) >> 16) return { ok: false, slot, distance: aimed };
      insns.push(aimed === distance ? made : withDistance(made, aimed));
    }
  }
  return { ok: true, insns, origin };
}

const lengthOf = (patch: Patch): number => (isSeveral(patch) ? patch.length : 1);

/** Slot -> index of the first instruction in its place; one more for the end. */
function startsOf(patches: readonly Patch[]): Int32Array {
  const starts = shortInts(patches.length + 1);
  for (let slot = 0; slot < patches.length; slot++) starts[slot + 1] = starts[slot]! + lengthOf(patches[slot]!);
  return starts;
}

/** The new distance of instruction `index` of a patch of `length`; undefined if its target is no slot. */
function aim(length: number, index: number, distance: number, slot: number, places: Int32Array): number | undefined {
  const inPatch = index + 1 + distance;
  if (inPatch >= 0 && inPatch <= length) return distance;
  const target = inPatch < 0 ? slot + inPatch : slot + 1 + inPatch - length;
  const place = places[target];
  return place === undefined ? undefined : place - places[slot]! - index - 1;
}

const fieldOf = ({ row }: Insn): "off" | "imm" => (row.off === "branch" ? "off" : "imm");

const isJump = ({ row: { kind } }: Insn): boolean => kind === "ja" || kind === "jump";
