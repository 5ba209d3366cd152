// What the generator knows of each register at a point of the program: nothing, that it holds a scalar, or that it holds
// a pointer and where it may point. Everything it emits follows from this, so that a program is valid by construction.
// Spill slots of the frame are tracked like registers, with numbers from `SPILL` on.

/** A kind of memory that pointers lead to. Positions are bytes from where its first pointer points (R10 for a frame). */
export interface Region {
  readonly kind: "frame" | "context" | "packet" | "packetEnd" | "value" | "map" | "argument";
  /** Accessible bytes: start <= position < end. */
  readonly start: number;
  readonly end: number;
  /** Every access must be aligned to its size. */
  readonly aligned: boolean;
  readonly atomics: boolean;
  readonly writable: boolean;
  /** Pointers may be moved by arithmetic. */
  readonly movable: boolean;
  /** The pointer dies at the next call: the element that it points to may be deleted. */
  readonly shortLived: boolean;
  /** May be kept in the frame; false if short-lived, and for an XDP context, which is not followed through memory. */
  readonly spillable: boolean;
  /** Index of the map that it is or belongs to; -1 for none. */
  readonly map: number;
}

export type Differs = Partial<Omit<Region, "kind" | "start" | "end" | "aligned">>;
const NOTHING: Differs = {};

/** Memory of which everything may be done but for what differs. All have one shape, since every block reads them. */
export const region = (
  kind: Region["kind"],
  start: number,
  end: number,
  aligned: boolean,
  differs: Differs = NOTHING,
): Region => ({
  kind,
  start,
  end,
  aligned,
  atomics: differs.atomics ?? true,
  writable: differs.writable ?? true,
  movable: differs.movable ?? true,
  shortLived: differs.shortLived ?? false,
  spillable: differs.spillable ?? true,
  map: differs.map ?? -1,
});

export interface Pointer {
  readonly region: Region;
  /** The position is low <= p <= high, and p - low is a multiple of `step` (8 if low = high). */
  readonly low: number;
  readonly high: number;
  readonly step: number;
  /** Bytes proved to be there; smaller than `region.end` for a packet. */
  readonly end: number;
}

export const at = (region: Region, position: number): Pointer => ({
  region,
  low: position,
  high: position,
  step: 8,
  end: region.end,
});

/** Slots of the frame that hold spilled pointers: the numbers 11, 12. */
export const SPILL = 11;
export const SPILLS = 2;
const PLACES = SPILL + SPILLS;

export const ALL = 0x3ff;
/** R1..R5, which a call leaves undefined. */
export const ARGUMENTS = 0x3e;
/** R6..R9, which a call preserves. */
export const SAVED = 0x3c0;

export class Registers {
  /** Bit n: Rn holds a scalar. */
  scalars: number;
  /** Bit n: Rn (or the spill slot n) holds a pointer. */
  pointers: number;
  /** Bit n: there is a path to here on which Rn holds a pointer to the frame, whether anything is known of it or not. */
  frames: number;
  readonly #held: (Pointer | undefined)[];

  constructor(
    scalars = 0,
    pointers = 0,
    frames = 0,
    held: (Pointer | undefined)[] = new Array(PLACES).fill(undefined),
  ) {
    this.scalars = scalars;
    this.pointers = pointers;
    this.frames = frames;
    this.#held = held;
  }

  clone(): Registers {
    return new Registers(this.scalars, this.pointers, this.frames, this.#held.slice());
  }

  /** The pointer in a place that holds one. */
  pointer(place: number): Pointer {
    return this.#held[place]!;
  }

  setScalar(register: number): void {
    this.scalars |= 1 << register;
    this.pointers &= ~(1 << register);
    this.frames &= ~(1 << register);
  }

  setPointer(place: number, pointer: Pointer): void {
    this.scalars &= ~(1 << place);
    this.pointers |= 1 << place;
    if (pointer.region.kind === "frame") this.frames |= 1 << place;
    else this.frames &= ~(1 << place);
    this.#held[place] = pointer;
  }

  /** They hold what they held, and nobody knows it. */
  forget(mask: number): void {
    this.scalars &= ~mask;
    this.pointers &= ~mask;
  }

  /** They hold something else, or nothing. */
  clobber(mask: number): void {
    this.forget(mask);
    this.frames &= ~mask;
  }

  /** Keep what holds on both of two paths. */
  meet(other: Registers): void {
    this.scalars &= other.scalars;
    this.pointers &= other.pointers;
    this.frames |= other.frames;
    for (let place = 0; place < PLACES; place++) {
      if (!((this.pointers >> place) & 1)) continue;
      const mine = this.pointer(place);
      const theirs = other.pointer(place);
      if (mine === theirs) continue;
      if (mine.region !== theirs.region || (mine.low - theirs.low) % 8 !== 0) {
        this.forget(1 << place);
        continue;
      }
      this.#held[place] = {
        region: mine.region,
        low: Math.min(mine.low, theirs.low),
        high: Math.max(mine.high, theirs.high),
        step: Math.min(mine.step, theirs.step),
        end: Math.min(mine.end, theirs.end),
      };
    }
  }
}
