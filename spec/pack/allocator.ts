// Where an allocation of executable memory goes, said as plainly as possible: each pack is a list of the extents that are
// taken, and an allocation goes to the lowest place where it touches none of them. The optimized allocator must agree
// address for address. Addresses are low 48 bits, sizes are bytes.

export const CHUNK_BYTES = 64;
export const PACK_BYTES = 2 * 1024 * 1024;

/** In front of an image; it begins with the size of the allocation, as a u32. */
export const HEADER_BYTES = 8;
/** At least that much of every allocation is neither header nor image. */
const SPARE_BYTES = 16;
/** Bytes that an image of that length takes in a pack. */
export const packedBytes = (imageBytes: number): number =>
  Math.ceil((imageBytes + HEADER_BYTES + SPARE_BYTES) / CHUNK_BYTES) * CHUNK_BYTES;

interface Extent {
  readonly start: number;
  readonly bytes: number;
}
interface Pack {
  readonly base: number;
  /** From the lowest to the highest. */
  readonly taken: readonly Extent[];
}

/** Maps that many bytes of whole pages and says where, or undefined if there are none: the kernel's choice, not ours. */
type MapPages = (bytes: number) => number | undefined;

/** What came of a free: which pages are not needed any more. */
type Freed =
  | { readonly kind: "chunks" }
  | { readonly kind: "packReturned"; readonly base: number }
  | { readonly kind: "pagesReturned"; readonly base: number };

export class ReferenceAllocator {
  /** In the order in which they were made. */
  packs: readonly Pack[] = [];
  /** Allocations larger than a pack. */
  large: readonly Extent[] = [];

  constructor(
    private readonly mapPages: MapPages,
    readonly packBytes: number = PACK_BYTES,
  ) {}

  alloc(bytes: number): number | undefined {
    if (bytes > this.packBytes) {
      const start = this.mapPages(bytes);
      if (start !== undefined) this.large = [...this.large, { start, bytes }];
      return start;
    }
    const needed = Math.ceil(bytes / CHUNK_BYTES) * CHUNK_BYTES;
    for (const pack of this.packs) {
      const start = this.lowestFit(pack, needed);
      if (start !== undefined) return this.take(pack, { start, bytes: needed });
    }
    const base = this.mapPages(this.packBytes);
    if (base === undefined) return undefined;
    const pack: Pack = { base, taken: [] };
    this.packs = [...this.packs, pack];
    return this.take(pack, { start: base, bytes: needed });
  }

  /** @throws RangeError if nothing was allocated there: a slip of the caller's. */
  free(start: number): Freed {
    if (this.large.some((extent) => extent.start === start)) {
      this.large = this.large.filter((extent) => extent.start !== start);
      return { kind: "pagesReturned", base: start };
    }
    const pack = this.packs.find(({ taken }) => taken.some((extent) => extent.start === start));
    if (pack === undefined) throw new RangeError(`nothing was allocated at 0x${start.toString(16)}`);
    const taken = pack.taken.filter((extent) => extent.start !== start);
    if (taken.length > 0) {
      this.replace(pack, [{ base: pack.base, taken }]);
      return { kind: "chunks" };
    }
    this.replace(pack, []);
    return { kind: "packReturned", base: pack.base };
  }

  /** The start of the lowest hole that is large enough. */
  private lowestFit({ base, taken }: Pack, bytes: number): number | undefined {
    let start = base;
    for (const other of taken) {
      if (start + bytes <= other.start) return start;
      start = end(other);
    }
    return start + bytes <= base + this.packBytes ? start : undefined;
  }

  private take(pack: Pack, extent: Extent): number {
    const above = pack.taken.findIndex(({ start }) => start > extent.start);
    const at = above < 0 ? pack.taken.length : above;
    this.replace(pack, [{ base: pack.base, taken: pack.taken.toSpliced(at, 0, extent) }]);
    return extent.start;
  }

  private replace(pack: Pack, by: readonly Pack[]): void {
    this.packs = this.packs.toSpliced(this.packs.indexOf(pack), 1, ...by);
  }
}

const end = ({ start, bytes }: Extent): number => start + bytes;
