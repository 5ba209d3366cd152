// The entry of a program as the architecture reads it: the word that leads to a trampoline, and the long jump behind the
// code that it goes through where a branch does not reach.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { isBeyondBranch } from "../../spec/a64/address.js";
import { NOP } from "../../spec/a64/hints.js";
import { privateStackOf } from "../lowering.js";
import type { CodePlaces } from "../run/run-memory.js";
import type { Live } from "../step.js";
import type { JitEnv } from "../subject.js";
import { patchSiteWord } from "../subject-trampolines.js";
import type { LiveProgram } from "./prepared.js";

/** Of the code behind the image: a load of the literal that follows, and a jump there. */
const PLT_CODE_BYTES = 8;
const WORD_BYTES = 4;
const BL = 0x9400_0000;
const B = 0x1400_0000;
const OPCODE = 0xfc00_0000;
const IMM26 = 0x03ff_ffff;

interface Entry {
  readonly site: Va;
  readonly plt: Va;
  readonly literal: Va;
}

export function entryOf({ regions }: Pick<Live, "regions">, env: Pick<JitEnv, "bti">): Entry {
  const { image, codeBytes } = regions[0]!;
  const literal = image + codeBytes;
  return { site: image + WORD_BYTES * patchSiteWord(env), plt: literal - PLT_CODE_BYTES, literal };
}

/** The word at the entry that leads to `target`, or to nothing. */
export function entryWord({ site, plt }: Entry, target: Va | undefined): number {
  if (target === undefined) return NOP;
  const distance = (isBeyondBranch(site, target) ? plt : target) - site;
  return (BL | ((distance / 4) & IMM26)) >>> 0;
}

/** A branch without link. */
export const branchWord = (at: Va, to: Va): number => (B | (((to - at) / 4) & IMM26)) >>> 0;

/** The low 48 bits of the pointer there. */
export const pointerAt = (machine: Machine, at: Va): Va =>
  machine.peek32(at) + (machine.peek32(at + 4) % 2 ** 16) * 2 ** 32;

/** Where the code of a loaded program lies, and what was compiled for each slot. */
export class Places implements CodePlaces {
  constructor(private readonly live: LiveProgram) {}

  get entries(): readonly Va[] {
    return this.live.entries;
  }

  instructionAt(code: number, slot: number): Va {
    return instructionAt(this.live, code, slot);
  }

  privateStacks(): ReturnType<CodePlaces["privateStacks"]> {
    const { prepared, program } = this.live;
    const stacks: ReturnType<CodePlaces["privateStacks"]>[number][] = [];
    let index = 0;
    for (const functions of prepared.codes) {
      for (const fn of functions) {
        const range = privateStackOf(fn);
        const isGuest = program.functions[index++]?.privateStack !== undefined;
        if (range !== undefined) stacks.push({ base: range.base, bytes: range.bytes, isGuest });
      }
    }
    return stacks;
  }
}

/** Of several instructions that a slot was made into, the first; the budget of a function begins before its first slot. */
function instructionAt({ program, prepared: { codes } }: LiveProgram, code: number, slot: number): Va {
  const before = codes.slice(0, code).reduce((n, functions) => n + functions.length, 0);
  const index = codes[code]!.findIndex(({ origin }) => origin.includes(slot));
  const { origin, counter } = codes[code]![index]!;
  const given = origin.indexOf(slot, counter === undefined ? 0 : 1);
  const view = program.functions[before + index]!;
  const compiled = view.origin === undefined ? given : view.origin.indexOf(given);
  return view.bpfFunc! + 4 * view.offsets[compiled]!;
}

/** Where a BL leads; undefined for any other word. */
export function branchTarget(word: number, at: Va): Va | undefined {
  return (word & OPCODE) >>> 0 === BL ? at + ((word << 6) >> 6) * 4 : undefined;
}
