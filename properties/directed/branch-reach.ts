// Conditional branches reach 2^18 words back and one less forward; what lies beyond is refused, and a near branch is taken
// wherever in the image it is.

import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { compiles, IMAGE, isRefused, linuxIn, wordsOfSlots } from "./compiled.js";

const REACH = 2 ** 18;
const JUMP = rowById("jeq imm");
const WORD = insn(rowById("mov reg"), { dst: 1, src: 2 });
/** The slot with the most words: a tail call. */
const LONG = insn(rowById("tail call"));
const EXIT = insn(rowById("exit"));

const fn = (insns: readonly Insn[]) => [{ insns, index: 0, stackDepth: 0 }];
const place = () => IMAGE;

/** Slots that take exactly so many words. */
function filler(words: number): readonly Insn[] {
  const slot = wordsOfSlots([LONG, EXIT], 1);
  const each = slot instanceof Uint32Array ? slot.length : 1;
  const long = Math.floor(words / each);
  return [...new Array<Insn>(long).fill(LONG), ...new Array<Insn>(words - long * each).fill(WORD)];
}

/** `if r0 == 0` over so many words to the slot behind them. */
function forward(words: number): readonly Insn[] {
  const between = filler(words - 1);
  return [insn(JUMP, { off: between.length }), ...between, EXIT, EXIT];
}

/** Back over so many words, the comparison among them, to the first slot. */
function backward(words: number): readonly Insn[] {
  const between = filler(words - 1);
  return [...between, insn(JUMP, { off: -between.length - 1 }), EXIT];
}

/** Near in the end, since calls turn out to be direct, but out of reach as long as all of them count as indirect. */
function forwardOverCalls(): readonly Insn[] {
  const call = insn(rowById("call helper"), { imm: 0x1000 });
  const calls = 12_000;
  // With the move behind it, a direct call takes two words, an indirect one five.
  const between = [...filler(REACH - 1000 - 2 * calls), ...new Array<Insn>(calls).fill(call)];
  return [insn(JUMP, { off: between.length }), ...between, EXIT, EXIT];
}

export const BRANCH_REACH: readonly DirectedCase[] = [
  { name: "forward branch at its reach", check: () => compiles(fn(forward(REACH - 1)), place) },
  { name: "forward branch beyond its reach", check: () => isRefused(fn(forward(REACH)), place) },
  { name: "backward branch at its reach", check: () => compiles(fn(backward(REACH)), place) },
  { name: "backward branch beyond its reach", check: () => isRefused(fn(backward(REACH + 1)), place) },
  {
    name: "forward branch over calls that come within its reach",
    check: () => compiles(fn(forwardOverCalls()), place),
  },
  {
    name: "near backward branch far from the start, which Linux refuses: in its first pass it looks endless",
    check() {
      const high = fn([...filler(REACH + 8), WORD, insn(JUMP, { off: -2 }), EXIT]);
      return compiles(high, place) ?? isRefused(high, place, { quirks: linuxIn("firstPassRange") });
    },
  },
];
