// The words of one compiled function beside the slots that they were made from, for rules that need no execution: what a
// run cannot show (ordering, which of two forms was chosen, words that are never reached) or shows only by luck.

import type { Va } from "../../../machine/address.js";
import { decode } from "../../../spec/a64/decode.js";
import type { A64Insn } from "../../../spec/a64/insn.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import type { Row } from "../../../spec/bpf/isa.js";
import type { JitEnv } from "../../../subjects/subject.js";
import { PASS } from "../oracle.js";

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
  readonly passed?: { rules: number };
}

/** `null` for a word that says nothing. */
const decoded = new Map<number, A64Insn | null>();
const MOST_DECODED = 1 << 16;

/** What the word at that index says; undefined for one that says nothing. */
export function insnAt({ words }: CompiledCode, at: number): A64Insn | undefined {
  const word = words[at] ?? 0;
  const known = decoded.get(word);
  if (known !== undefined) return known ?? undefined;
  if (decoded.size >= MOST_DECODED) decoded.clear();
  const insn = decode(word);
  decoded.set(word, insn ?? null);
  return insn;
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

/** The rule for one slot, over all slots of these kinds. */
export function eachSlot(
  kinds: readonly Row["kind"][] | "all",
  check: (code: CompiledCode, insn: Insn, pc: number) => readonly string[],
): (code: CompiledCode) => readonly string[] {
  return (code) => {
    const { insns } = code;
    let breaches = PASS;
    for (let pc = 0; pc < insns.length; pc++) {
      const insn = insns[pc]!;
      if (kinds !== "all" && !kinds.includes(insn.row.kind)) continue;
      const found = check(code, insn, pc);
      if (found.length > 0) breaches = [...breaches, ...found.map((what) => `slot ${pc} (${insn.row.id}): ${what}`)];
    }
    return breaches;
  };
}
