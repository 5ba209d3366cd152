// The static shape of one piece of code: where its functions and basic blocks begin, and which function calls which. A
// function starts at slot 0 or at the target of a local call and ends where the next one starts; jumps stay inside, and
// the last slot must not be fallen through (Linux: check_subprogs).

import { mapList } from "../../lists.js";
import { shortBytes, shortInts } from "../../slab.js";
import { branchTarget, type Insn } from "../insn.js";
import type { Report } from "./problem.js";

export interface Call {
  readonly pc: number;
  /** Indexes into `Functions.starts`. */
  readonly from: number;
  readonly to: number;
}

export interface Functions {
  /** First slot of each function, ascending. */
  readonly starts: readonly number[];
  /** One past the last slot of each function. */
  readonly ends: readonly number[];
  /** Slots of each function that `gotox` may go to. */
  readonly indirect: readonly (readonly number[])[];
  readonly calls: readonly Call[];
  /** First slot of each basic block, ascending. */
  readonly blocks: readonly number[];
  /** Slot -> index into `blocks`, or -1 inside a block. */
  readonly blockAt: Int32Array;
}

/** Linux: BPF_MAX_SUBPROGS. */
const MAX_FUNCTIONS = 256;

/**
 * Find the functions and blocks of `code`, which is not empty. What it returns is sound only if nothing was reported.
 * @param named slots that instruction arrays name
 */
export function findFunctions(code: readonly Insn[], named: readonly number[], report: Report): Functions {
  const callSites: number[] = [];
  const startSet = new Set([0]);
  for (let pc = 0; pc < code.length; pc++) {
    const slot = code[pc]!;
    if (slot.row.kind !== "call" || slot.row.target !== "local") continue;
    const target = branchTarget(slot, pc)!;
    if (isInstruction(code, target)) {
      callSites.push(pc);
      startSet.add(target);
    } else {
      report(pc, "badCallTarget", `call of slot ${target}, expected the start of an instruction`);
    }
  }
  const starts = [...startSet].sort((a, b) => a - b);
  if (starts.length > MAX_FUNCTIONS) {
    report(0, "tooManyFunctions", `${starts.length} functions, expected at most ${MAX_FUNCTIONS}`);
  }
  const ends = [...starts.slice(1), code.length];
  const leads = shortBytes(code.length + 1);
  for (const slot of named) {
    if (isInstruction(code, slot)) leads[slot] = 1;
    else report(0, "jumpOutOfRange", `an instruction array names slot ${slot}, where no instruction begins`);
  }
  const indirect = mapList(starts, (start, f) => named.filter((slot) => slot >= start && slot < ends[f]!));
  starts.forEach((start, f) => {
    leads[start] = 1;
    markBlocks(code, { start, end: ends[f]!, indirect: indirect[f]! }, leads, report);
  });
  return {
    starts,
    ends,
    indirect,
    calls: resolveCalls(code, starts, callSites),
    ...numberBlocks(leads.subarray(0, code.length)),
  };
}

const isInstruction = (code: readonly Insn[], pc: number): boolean => {
  const slot = code[pc];
  return slot !== undefined && slot.row.kind !== "lddwHigh";
};

/** Mark the slots of one function at which a block begins: jump targets, and what follows a jump or an exit. */
function markBlocks(
  code: readonly Insn[],
  { start, end, indirect }: { readonly start: number; readonly end: number; readonly indirect: readonly number[] },
  leads: Uint8Array,
  report: Report,
): void {
  for (let pc = start; pc < end; pc++) {
    const slot = code[pc]!;
    const { kind } = slot.row;
    if (kind !== "jump" && kind !== "ja" && kind !== "mayGoto" && kind !== "gotox" && kind !== "exit") continue;
    leads[pc + 1] = 1;
    if (kind === "gotox" && indirect.length === 0) {
      report(pc, "jumpOutOfRange", "gotox, but no instruction array names a slot of this function");
    }
    if (kind === "exit" || kind === "gotox") continue;
    const target = branchTarget(slot, pc)!;
    if (target < start || target >= end) {
      report(pc, "jumpOutOfRange", `jump to slot ${target}, expected one of this function's, ${start} to ${end - 1}`);
    } else if (code[target]!.row.kind === "lddwHigh") {
      report(pc, "jumpIntoLddw", `jump to slot ${target}, which is the second one of an lddw`);
    } else {
      leads[target] = 1;
    }
  }
  const last = code[end - 1]!.row;
  if (last.kind !== "exit" && last.kind !== "ja" && last.kind !== "gotox") {
    report(end - 1, "fallsOffEnd", `the function from slot ${start} ends with ${last.id}, expected exit or a jump`);
  }
}

/** First slot of each function of a code whose calls lead to instructions, ascending. */
function functionStarts(code: readonly Insn[]): readonly number[] {
  let starts = MAIN_ALONE;
  for (let pc = 0; pc < code.length; pc++) {
    const { row } = code[pc]!;
    if (row.kind !== "call" || row.target !== "local") continue;
    const start = branchTarget(code[pc]!, pc)!;
    if (!starts.includes(start)) starts = [...starts, start].sort((a, b) => a - b);
  }
  return starts;
}
const MAIN_ALONE: readonly number[] = [0];

let last: { readonly code: readonly Insn[]; readonly starts: readonly number[] } | undefined;

/** The first slot of the function that a slot is of. */
export function functionStart(code: readonly Insn[], slot: number): number {
  // Asked about one slot after the other.
  if (last?.code !== code) last = { code, starts: functionStarts(code) };
  return last.starts.findLast((start) => start <= slot) ?? 0;
}

function resolveCalls(code: readonly Insn[], starts: readonly number[], callSites: readonly number[]): readonly Call[] {
  const indexOf = new Map(starts.map((start, f) => [start, f]));
  let from = 0;
  return callSites.map((pc) => {
    while ((starts[from + 1] ?? Number.POSITIVE_INFINITY) <= pc) from++;
    return { pc, from, to: indexOf.get(branchTarget(code[pc]!, pc)!)! };
  });
}

function numberBlocks(leads: Uint8Array): Pick<Functions, "blocks" | "blockAt"> {
  const blocks: number[] = [];
  const blockAt = shortInts(leads.length).fill(-1);
  for (let pc = 0; pc < leads.length; pc++) {
    if (leads[pc] === 0) continue;
    blockAt[pc] = blocks.length;
    blocks.push(pc);
  }
  return { blocks, blockAt };
}
