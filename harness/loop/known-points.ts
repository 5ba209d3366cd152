// Which coverage points a campaign and its lanes know, for workers: bits in memory that all threads share, one for each lane and
// point, or what shares it. A point whose bit is clear is new for sure. One whose bit is set may be new nevertheless, so
// nothing is decided by it: it only says which cases are worth preparing.

/** 4 MiB: of the few hundred thousand points of some lanes one in a hundred shares its bit. */
const WORDS = 1 << 20;

/** In the place of a lane. */
export const CAMPAIGN = -1;

export class KnownPoints {
  constructor(readonly words: Int32Array = new Int32Array(new SharedArrayBuffer(4 * WORDS))) {}

  /** Only one thread may. */
  add(lane: number, point: string): void {
    const bit = bitOf(lane, point);
    this.words[bit >>> 5]! |= 1 << bit;
  }

  has(lane: number, point: string): boolean {
    const bit = bitOf(lane, point);
    return (this.words[bit >>> 5]! & (1 << bit)) !== 0;
  }

  /** As a set. */
  of(lane: number): Pick<ReadonlySet<string>, "has"> {
    return { has: (point) => this.has(lane, point) };
  }
}

/** FNV-1a, and its upper bits. */
function bitOf(lane: number, point: string): number {
  let hash = 0x811c_9dc5 ^ lane;
  for (let i = 0; i < point.length; i++) hash = Math.imul(hash ^ point.charCodeAt(i), 0x0100_0193);
  return (hash ^ (hash >>> 15)) & (32 * WORDS - 1);
}
