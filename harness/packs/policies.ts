// Ways to find room for a program in packs. Upstream takes the first fit; the others are here to see what they would save.
// Everything is in chunks of 64 bytes.

/** Where an allocation lies: in which pack, from which chunk on, and how many chunks it takes. */
export interface Slot {
  readonly pack: PackSpace;
  readonly start: number;
  readonly chunks: number;
}

/** The free and the taken chunks of one pack. */
export class PackSpace {
  /** Taken stretches in order. */
  private readonly taken: { readonly start: number; readonly chunks: number }[] = [];
  used = 0;

  /** @param sizeClass chunks of each slot, where a pack has slots of one size */
  constructor(
    readonly chunks: number,
    readonly sizeClass?: number,
  ) {}

  /** Free stretches in order. */
  *gaps(): Generator<{ readonly start: number; readonly chunks: number }> {
    let next = 0;
    for (const { start, chunks } of this.taken) {
      if (start > next) yield { start: next, chunks: start - next };
      next = start + chunks;
    }
    if (next < this.chunks) yield { start: next, chunks: this.chunks - next };
  }

  /** Free chunks below the last taken one. */
  get holes(): number {
    const last = this.taken.at(-1);
    return last === undefined ? 0 : last.start + last.chunks - this.used;
  }

  take(start: number, chunks: number): Slot {
    const after = this.taken.findIndex((one) => one.start > start);
    this.taken.splice(after < 0 ? this.taken.length : after, 0, { start, chunks });
    this.used += chunks;
    return { pack: this, start, chunks };
  }

  give({ start, chunks }: Slot): void {
    this.taken.splice(
      this.taken.findIndex((one) => one.start === start),
      1,
    );
    this.used -= chunks;
  }
}

/** Room in one of the packs, which are in the order in which they were made; undefined if a new one is needed. */
type Find = (packs: readonly PackSpace[], chunks: number) => Slot | undefined;

export interface Policy {
  readonly name: string;
  readonly about: string;
  readonly find: Find;
  /** Chunks that are taken for so many. */
  readonly round: (chunks: number) => number;
  readonly bySize: boolean;
}

const firstFit: Find = (packs, chunks) => {
  for (const pack of packs) {
    for (const gap of pack.gaps()) if (gap.chunks >= chunks) return pack.take(gap.start, chunks);
  }
  return undefined;
};

const bestFit: Find = (packs, chunks) => {
  let best: { readonly pack: PackSpace; readonly start: number; readonly chunks: number } | undefined;
  for (const pack of packs) {
    for (const gap of pack.gaps()) {
      if (gap.chunks >= chunks && gap.chunks < (best?.chunks ?? Number.POSITIVE_INFINITY)) best = { pack, ...gap };
    }
  }
  return best?.pack.take(best.start, chunks);
};

/** Of each power of two two sizes: 1, 2, 3, 4, 6, 8, 12, 16 … */
function sizeClass(chunks: number): number {
  let power = 1;
  while (power < chunks) power *= 2;
  return power >= 4 && power * 0.75 >= chunks ? power * 0.75 : power;
}

const inItsClass: Find = (packs, chunks) => {
  for (const pack of packs) {
    if (pack.sizeClass !== chunks) continue;
    for (const gap of pack.gaps()) if (gap.chunks >= chunks) return pack.take(gap.start, chunks);
  }
  return undefined;
};

const asItIs = (chunks: number): number => chunks;

export const POLICIES: readonly Policy[] = [
  { name: "first fit", about: "the lowest place, as upstream", find: firstFit, round: asItIs, bySize: false },
  { name: "best fit", about: "the smallest gap", find: bestFit, round: asItIs, bySize: false },
  { name: "size classes", about: "packs of one size each", find: inItsClass, round: sizeClass, bySize: true },
];
