// The words of one compiled function beside the slots that they were made from, for rules that need no execution: what a
// run cannot show (ordering, which of two forms was chosen, words that are never reached) or shows only by luck.

import type { Va } from "../../../machine/address.js";
import { decode } from "../../../spec/a64/decode.js";
import type { A64Insn } from "../../../spec/a64/insn.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import type { JitEnv } from "../../../subjects/subject.js";

export interface CompiledCode {
  /** Kernel dialect: what the JIT was given. */
  readonly insns: readonly Insn[];
  /** The whole image: code, the jump's literal, the exception table. */
  readonly words: Uint32Array;
  /** Words of code, without the literal. */
  readonly codeWords: number;
  /** Low 48 bits of the address of word 0. */
  readonly roImage: Va;
  /** Word index of each slot, and of the epilogue at the end. */
  readonly offsets: Int32Array;
  /** Byte offset and number of the exception entries. */
  readonly tableBytes: number;
  readonly entries: number;
  readonly entryBytes: number;
  /** Low 48 bits: what a helper's imm is relative to, where the jump at the end goes, each function's image. */
  readonly callBase: Va;
  readonly dummyTramp: Va;
  readonly functions: readonly Va[];
  /** Helpers without a call. */
  readonly inlined: ReadonlySet<number>;
  /** Branch target identification is on. */
  readonly bti: boolean;
  /** What this version's JIT does otherwise. */
  readonly changes: JitEnv["changes"];
  /** A main program: tail calls land in it, unless it was classic BPF. */
  readonly isMain: boolean;
  readonly wasClassic: boolean;
  /** How the CPU forgets the branch history. */
  readonly history: JitEnv["branchHistory"];
  /** Rules that these words have passed, a bit each; shared by all loads of the same words. */
  readonly passed?: { rules: number } | undefined;
}

/** What was decoded last, each word at a place that its bits say. */
const PLACES = 1 << 14;
/** Further than any branch goes. */
const NO_BRANCH = -0x8000_0000;
const decodedWords = new Uint32Array(PLACES);
const decodedInsns = new Array<A64Insn | undefined>(PLACES).fill(decode(0));
/** In words. */
const decodedBranches = new Int32Array(PLACES).fill(NO_BRANCH);
/** Its upper bits spread words evenly. */
const SPREAD = 0x9e37_79b1;

/** Where that is what the word at that index says. */
function placeOf({ words }: CompiledCode, at: number): number {
  const word = words[at] ?? 0;
  const place = Math.imul(word, SPREAD) >>> 18;
  if (decodedWords[place] === word) return place;
  const insn = decode(word);
  decodedWords[place] = word;
  decodedInsns[place] = insn;
  const isBranch = insn?.kind === "branch" || insn?.kind === "branchConditional";
  decodedBranches[place] = isBranch ? insn.offset / 4 : NO_BRANCH;
  return place;
}

/** What the word at that index says; undefined for one that says nothing. */
export const insnAt = (code: CompiledCode, at: number): A64Insn | undefined => decodedInsns[placeOf(code, at)];

/** How many words ahead the branch at that index goes; undefined for what is none. */
export function branchAt(code: CompiledCode, at: number): number | undefined {
  const words = decodedBranches[placeOf(code, at)]!;
  return words === NO_BRANCH ? undefined : words;
}

/** Word indexes of slot `pc`: the first, and the one behind the last. */
export const extent = ({ offsets }: CompiledCode, pc: number): readonly [number, number] => [
  offsets[pc] ?? 0,
  offsets[pc + 1] ?? 0,
];

/** What the words of a slot say. */
export function slotInsns(code: CompiledCode, pc: number): readonly (A64Insn | undefined)[] {
  const [first, end] = extent(code, pc);
  const insns: (A64Insn | undefined)[] = [];
  for (let at = first; at < end; at++) insns.push(insnAt(code, at));
  return insns;
}
