// Which way the JIT took for an instruction: the names of the A64 words that it emitted, in order. Words of one encoding
// class share a name, which is looked up once, so that naming a word is one table access.

import { CONDITIONS } from "../../spec/a64/condition.js";
import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";

const NAMES = new Map<number, string>();
/** Sequences by hash, since a program has many and there are few different ones. */
const SEQUENCES = new Map<number, string>();
const LONGEST = 12;

/** The names of the words from `from` to before `to`: `movz movk add`; `none` where nothing was emitted. */
export function wordNames(words: Uint32Array, from: number, to: number): string {
  if (from === to) return "none";
  let hash = to - from;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ classOf(words[i]!), 0x0100_0193) ^ (hash >>> 15);
  const known = SEQUENCES.get(hash);
  if (known !== undefined) return known;
  const names = Array.from(words.subarray(from, Math.min(to, from + LONGEST)), nameOf);
  const sequence = `${names.join(" ")}${to - from > LONGEST ? ` +${to - from - LONGEST}` : ""}`;
  SEQUENCES.set(hash, sequence);
  return sequence;
}

function nameOf(word: number): string {
  const key = classOf(word);
  const known = NAMES.get(key);
  if (known !== undefined) return known;
  const name = nameOfClass(decode(word));
  NAMES.set(key, name);
  return name;
}

/** Not the alias that the operands make of it: all words of a class have one name, whichever comes first. */
function nameOfClass(insn: A64Insn | undefined): string {
  if (insn === undefined) return "word";
  switch (insn.kind) {
    case "addSubImmediate":
    case "addSubShifted":
      return `${insn.op}${insn.setFlags ? "s" : ""}`;
    case "branchConditional":
      return `b.${CONDITIONS[insn.condition]}`;
    case "compareAndBranch":
      return insn.nonzero ? "cbnz" : "cbz";
    case "accessImmediate":
      return insn.op === "load" ? "ldr" : "str";
    case "accessRegister":
      return insn.op === "load" ? "ldr+reg" : "str+reg";
    case "accessPair":
      return insn.op === "load" ? "ldp" : "stp";
    case "atomicMemory":
      return `ld${insn.op}`;
    default:
      return "op" in insn ? insn.op : insn.kind;
  }
}

/** The bits that say which instruction it is, without registers and constants. */
export function classOf(word: number): number {
  switch ((word >>> 25) & 0xf) {
    case 8:
    case 9: // Data processing with a constant: operation, width, shift.
      return (word & 0xffc0_0000) >>> 0;
    case 10:
    case 11:
      return branchClass(word);
    case 5:
    case 13: // Data processing with registers.
      return (word & (((word >>> 21) & 0xff) === 0xd6 ? 0xffe0_fc00 : 0xffe0_8000)) >>> 0;
    default: // Loads and stores.
      return (word & ((word & 0x3b00_0000) === 0x3900_0000 ? 0xffc0_0000 : 0xffe0_fc00)) >>> 0;
  }
}

function branchClass(word: number): number {
  const top = word >>> 24;
  if (top === 0x54) return (word & 0xff00_000f) >>> 0;
  if ((top & 0x7c) === 0x14) return (word & 0xfc00_0000) >>> 0;
  // Hints and barriers are whole words.
  return (top === 0xd5 ? word : word & (top === 0xd4 || top === 0xd6 ? 0xffe0_0000 : 0xff00_0000)) >>> 0;
}
