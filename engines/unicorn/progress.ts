// How far a run has come, counted in blocks: the emulator tells when it begins one, and where it stopped.

import type { Va } from "../../machine/address.js";

export class Progress {
  /** Instructions begun, those of the running block aside. */
  executed = 0;
  /** Calls of traps; they too use up fuel. */
  calls = 0;
  private block: Va = 0;
  private blockWords = 0;

  /** @param previous the instruction that ran last; the entry before any did. */
  constructor(public previous: Va) {}

  beginBlock(block: Va, words: number): void {
    this.leave(this.blockWords);
    this.block = block;
    this.blockWords = words;
  }

  /** The CPU stopped with `pc` as the next instruction: within the running block, or after all of it. */
  stopAt(pc: Va | undefined): void {
    const inside = pc === undefined ? -1 : (pc - this.block) / 4;
    this.leave(inside >= 0 && inside < this.blockWords ? Math.floor(inside) : this.blockWords);
    this.blockWords = 0;
  }

  /** One instruction more, beside the blocks. */
  step(pc: Va): void {
    this.executed++;
    this.previous = pc;
  }

  private leave(words: number): void {
    this.executed += words;
    if (words > 0) this.previous = this.block + 4 * (words - 1);
  }
}
