// A lane: every n-th case of a campaign, tried one chunk after another, and what the lane has learned from its own cases
// only. A lane therefore goes the same way whichever worker, shard or machine runs it, and however often it was
// interrupted: that is what makes the union of shards one run. Its chunks take the kinds of cases in turn.

import { KINDS, kindByName } from "../../properties/cases/index.js";
import { Memory } from "./memory.js";

export class Lane {
  /** Cases done. */
  done = 0;
  /** By id of the kind. */
  readonly memories = new Map<string, Memory>();

  constructor(
    readonly number: number,
    private readonly lanes: number,
    private readonly round: readonly string[],
    private readonly chunk: number,
  ) {}

  /** The campaign's index of this lane's case at `position`. */
  indexAt(position: number): number {
    return this.number + this.lanes * position;
  }

  /** The kind of the cases that come next. Lanes begin at different places of the round, so that few cases try all kinds. */
  get kind(): string {
    return this.round[(this.number + Math.floor(this.done / this.chunk)) % this.round.length]!;
  }

  /** Positions of the cases that come next and are of one kind: to the end of the chunk, which may be half done. */
  next(): readonly number[] {
    const left = this.chunk - (this.done % this.chunk);
    return Array.from({ length: left }, (_, i) => this.done + i);
  }

  memory(kind: string): Memory {
    let memory = this.memories.get(kind);
    if (memory === undefined) {
      memory = new Memory();
      this.memories.set(kind, memory);
    }
    return memory;
  }
}

/** A round: the kinds of these names in turn, each until its turns are used up. */
export function roundOf(names: readonly string[], all = KINDS): readonly string[] {
  const wanted = names.map((name) => kindByName(name, all)?.name);
  const left = all.flatMap(({ name, turns }) => (wanted.includes(name) ? [{ name, turns }] : []));
  const round: string[] = [];
  while (left.some(({ turns }) => turns > 0)) {
    for (const one of left) {
      if (one.turns-- > 0) round.push(one.name);
    }
  }
  return round;
}
