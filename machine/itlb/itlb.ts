// What instruction fetches ask of translation lookaside buffers: a model of their cost alone, which knows no contents. Two
// levels, the second shared with data. `machine/tlb.ts` is about stale translations and is another matter.

/** `ways` of `entries`: fully associative. Least recently used goes first. */
interface TlbLevel {
  readonly entries: number;
  readonly ways: number;
}

export interface ItlbModel {
  /** As the command takes it. */
  readonly name: string;
  readonly first: TlbLevel;
  readonly second: TlbLevel;
  /** A public document that says so. */
  readonly source: string;
}

/** Lookups of the first level that missed, and of these the ones that missed the second as well and walked the tables. */
export interface Lookups {
  readonly fetches: number;
  readonly misses: number;
  readonly walks: number;
}

export class Itlb {
  private readonly first: SetAssociative;
  private readonly second: SetAssociative;
  private fetches = 0;
  private misses = 0;
  private walks = 0;

  constructor({ first, second }: Pick<ItlbModel, "first" | "second">) {
    this.first = new SetAssociative(first);
    this.second = new SetAssociative(second);
  }

  /** A fetch from the page or block with that number; numbers of different sizes must not be the same. */
  fetch(page: number): void {
    this.fetches++;
    if (this.first.lookup(page)) return;
    this.misses++;
    if (!this.second.lookup(page)) this.walks++;
  }

  /** A load or store that misses the first level of data: only the second level is shared. */
  data(page: number): void {
    this.second.lookup(page);
  }

  get lookups(): Lookups {
    return { fetches: this.fetches, misses: this.misses, walks: this.walks };
  }

  /** Go on with what is cached, but count anew: what comes before is warm-up. */
  restart(): void {
    this.fetches = 0;
    this.misses = 0;
    this.walks = 0;
  }
}

const EMPTY = -1;

class SetAssociative {
  private readonly sets: number;
  private readonly ways: number;
  /** Sets of `ways` page numbers, the most recently used first. */
  private readonly pages: Float64Array;

  constructor({ entries, ways }: TlbLevel) {
    this.ways = ways;
    this.sets = entries / ways;
    this.pages = new Float64Array(entries).fill(EMPTY);
  }

  /** @returns whether it was there; it is afterwards. */
  lookup(page: number): boolean {
    const { pages, ways } = this;
    const from = (page % this.sets) * ways;
    let at = from;
    const last = from + ways - 1;
    while (at < last && pages[at] !== page) at++;
    const hit = pages[at] === page;
    pages.copyWithin(from + 1, from, at);
    pages[from] = page;
    return hit;
  }
}
