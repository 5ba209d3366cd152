// Decoded words, kept across runs: the same few thousand words occur over and over. A direct-mapped table, so that
// random words do not fill the heap.

import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";

const ENTRIES = 1 << 14;

export class DecodeCache {
  private readonly words = new Uint32Array(ENTRIES);
  private readonly insns: (A64Insn | undefined)[] = new Array<A64Insn | undefined>(ENTRIES).fill(decode(0));

  decode(word: number): A64Insn | undefined {
    // The operation is in the upper bits and the registers in the lower ones: mix both into the index.
    const index = (Math.imul(word, 0x9e37_79b1) >>> 18) & (ENTRIES - 1);
    if (this.words[index] === word) return this.insns[index];
    const insn = decode(word);
    this.words[index] = word;
    this.insns[index] = insn;
    return insn;
  }
}
