// Which coverage points a campaign and its lanes know, for workers: a Bloom filter in memory that all threads share, two bits for
// each lane and point. A point of which a bit is clear is new for sure. One whose bits are set may be new nevertheless, so
// nothing is decided by it: it only says which cases are worth preparing.

/** 2 MiB: of what is new, beside the few hundred thousand points of some lanes, one in a thousand seems known. */
const WORDS = 1 << 19;

/** In the place of a lane. */
export const CAMPAIGN = -1;

export class KnownPoints {
  constructor(readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(4 * WORDS))) {}

  /** Only one thread may. */
  add(lane: number, point: string): void {
    const hash = hashOf(lane, point);
    this.set(hash);
    this.set(other(hash));
  }

  has(lane: number, point: string): boolean {
    const hash = hashOf(lane, point);
    return this.isSet(hash) && this.isSet(other(hash));
  }

  /** As a set. */
  of(lane: number): Pick<ReadonlySet<string>, "has"> {
    return { has: (point) => this.has(lane, point) };
  }

  private set(hash: number): void {
    this.words[wordOf(hash)]! |= 1 << hash;
  }

  private isSet(hash: number): boolean {
    return (this.words[wordOf(hash)]! & (1 << hash)) !== 0;
  }
}

/** The lowest five bits of a hash say which bit of the word. */
const wordOf = (hash: number): number => (hash >>> 5) & (WORDS - 1);

/** FNV-1a, whose upper bits are the better ones. */
function hashOf(lane: number, point: string): number {
  let hash = 0x811c_9dc5 ^ lane;
  for (let i = 0; i < point.length; i++) hash = Math.imul(hash ^ point.charCodeAt(i), 0x0100_0193);
  return hash ^ (hash >>> 15);
}

function other(hash: number): number {
  const mixed = Math.imul(hash, 0x9e37_79b1);
  return mixed ^ (mixed >>> 16);
}
