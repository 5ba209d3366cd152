// Without LSE an atomic that fetches is a loop that reads its base again in every round. Where the old value goes to the
// register of the base, the base is copied first; anywhere else a copy would be a word for nothing.

import { type Insn, insn } from "../../spec/bpf/insn.js";
import { type AtomicRow, ROWS } from "../../spec/bpf/isa.js";
import { bpf } from "../../spec/bpf/text/bpf.js";
import type { DirectedCase } from "../../subjects/directed-case.js";
import { wordsOfSlots } from "./compiled.js";

const ATOMICS = ROWS.filter((row): row is AtomicRow => row.kind === "atomic" && row.mode === "mem");
/** Base and data register. */
const PAIRS = [
  [0, 2],
  [1, 1],
  [1, 2],
] as const;

export const ALIASED_ATOMICS: DirectedCase = {
  name: "the base of an atomic is copied where the old value takes its register, and nowhere else",
  check() {
    for (const row of ATOMICS) {
      for (const [dst, src] of PAIRS) {
        const result = row.op === "cmpxchg" ? 0 : src;
        const expected = wordsOf(insn(row, { dst: 3, src: 4 })) + (row.fetch && dst === result ? 1 : 0);
        const words = wordsOf(insn(row, { dst, src }));
        if (words !== expected) return `${row.id} at r${dst} with r${src} takes ${words} words, expected ${expected}`;
      }
    }
    return undefined;
  },
};

function wordsOf(atomic: Insn): number {
  const words = wordsOfSlots([atomic, ...bpf("exit")], 1, { lse: false });
  return words instanceof Uint32Array ? words.length : 0;
}
