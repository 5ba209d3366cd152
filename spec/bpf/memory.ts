// The memory that a program sees: named regions with bounds, at full 64-bit addresses, little-endian. An access lies
// wholly within one region or it is bad. Helpers see the same memory through `Memory`, behind which the simulated
// machine can stand as well.

import { assert } from "../assert.js";
import { hex64, type U64, u64 } from "../bits.js";
import { shortBytes } from "../slab.js";
import type { Size } from "./isa.js";
import type { FaultWhy } from "./outcome.js";

/** What helpers see. */
export interface Memory {
  /** Fill `bytes` from `address` on; false if the access is bad. */
  read(address: bigint, bytes: Uint8Array): boolean;
  /** Store `bytes` at `address`; false, and nothing stored, if the access is bad. */
  write(address: bigint, bytes: Uint8Array): boolean;
}

export interface Region {
  readonly name: string;
  /** Low 48 bits of the first byte's address. */
  readonly base: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  /** One byte for each byte of the region, nonzero once that was written; absent where every byte may be read. */
  readonly written?: Uint8Array | undefined;
  /** If present the region is read and written through them, and in no other way. */
  readonly fields?: FieldMemory | undefined;
  /** Programs may not write it. */
  readonly isReadOnly: boolean;
}

/** A region of fields: what is none is refused. */
export interface FieldMemory {
  load(offset: number, size: Size): U64 | undefined;
  store(offset: number, size: Size, value: U64): boolean;
}

interface MemoryFault {
  readonly why: Extract<FaultWhy, "badAccess" | "uninitialisedStack">;
  readonly detail: string;
}

/** Kernel addresses have the top 16 bits set. */
const KERNEL_HALF = 0xffff_0000_0000_0000n;

/** The 64-bit pointer to a place that is given by its low 48 bits. */
export const pointerTo = (base: number): U64 => u64(KERNEL_HALF | BigInt(base));

/** A zero-filled region. */
export function zeroRegion(name: string, base: number, bytes: number): Region {
  return regionOf(name, base, shortBytes(bytes));
}

/** What a region has beside its bytes. */
type More = Partial<Pick<Region, "written" | "fields" | "isReadOnly">>;
const NOTHING: More = {};

/** A region that holds these bytes: they are not copied. All regions are of one shape, as every access asks them. */
export function regionOf(name: string, base: number, bytes: Uint8Array, more = NOTHING): Region {
  const { written, fields, isReadOnly = false } = more;
  return { name, base, bytes, view: viewOf(bytes), written, fields, isReadOnly };
}

/** A zero-filled region whose bytes may be read only after they were written. */
export function unwrittenRegion(name: string, base: number, bytes: number): Region {
  return regionOf(name, base, shortBytes(bytes), { written: shortBytes(bytes) });
}

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The same bytes as the kernel sees them: it may read and write all of them. */
export class PlainMemory implements Memory {
  constructor(private readonly regions: readonly Region[]) {}

  read(address: bigint, bytes: Uint8Array): boolean {
    const found = this.#find(address, bytes.length);
    if (found !== undefined) bytes.set(found);
    return found !== undefined;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const found = this.#find(address, bytes.length);
    found?.set(bytes);
    return found !== undefined;
  }

  #find(address: bigint, size: number): Uint8Array | undefined {
    const va = vaOf(address);
    const region = this.regions.find((one) => contains(one, va, size));
    return region?.bytes.subarray(va - region.base, va - region.base + size);
  }
}

export class RegionMemory implements Memory {
  /** By base, ascending; they do not overlap. */
  readonly #regions: Region[] = [];
  /** The region that the last access hit: most accesses hit it again. */
  #last: Region | undefined;
  /** Why the last access that was refused was refused. */
  #fault: MemoryFault = { why: "badAccess", detail: "no access was refused" };

  /** `refusesUnwritten`: bytes of a callee's stack may be read only after they were written. */
  constructor(private readonly refusesUnwritten = true) {}

  get fault(): MemoryFault {
    return this.#fault;
  }

  /**
   * An empty region holds no address and needs no place.
   *
   * @throws AssertionError if it overlaps another region: a slip in the layout.
   */
  add(region: Region): void {
    if (region.bytes.length === 0) return;
    const at = this.#regions.findIndex((other) => other.base > region.base);
    const index = at < 0 ? this.#regions.length : at;
    const [below, above] = [this.#regions[index - 1], this.#regions[index]];
    assert(!below || end(below) <= region.base, () => `${region.name} overlaps ${below?.name}`);
    assert(!above || end(region) <= above.base, () => `${region.name} overlaps ${above?.name}`);
    this.#regions.splice(index, 0, region);
  }

  remove(region: Region): void {
    if (region.bytes.length === 0) return;
    const at = this.#regions.indexOf(region);
    assert(at >= 0, () => `${region.name} is not there to be removed`);
    this.#regions.splice(at, 1);
    this.#last = undefined;
  }

  /**
   * Load and zero-extend; undefined if the access is bad, and then `fault` says why.
   * @param isAtomic part of an atomic change, which fields are not made for. Default: no
   */
  load(address: U64, size: Size, isAtomic = false): U64 | undefined {
    const va = vaOf(address);
    const region = this.#find(va, size);
    if (region === undefined) return this.#refuse("read", address, size);
    const offset = va - region.base;
    if (region.fields !== undefined) {
      const value = isAtomic ? undefined : region.fields.load(offset, size);
      return value ?? this.#noField(isAtomic ? "change" : "read", region, offset, address, size);
    }
    if (!this.#isWritten(region, offset, address, size)) return undefined;
    return GET[size](region.view, offset);
  }

  /** Store the low bytes of a value; false if the access is bad, and then `fault` says why. */
  store(address: U64, size: Size, value: U64): boolean {
    const va = vaOf(address);
    const region = this.#find(va, size);
    if (region === undefined || region.isReadOnly === true) return this.#refuse("write", address, size) ?? false;
    const offset = va - region.base;
    if (region.fields !== undefined) {
      if (region.fields.store(offset, size, value)) return true;
      return this.#noField("write", region, offset, address, size) ?? false;
    }
    region.written?.fill(1, offset, offset + size);
    SET[size](region.view, offset, value);
    return true;
  }

  read(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    const region = this.#findPlain(va, bytes.length);
    if (region === undefined) return this.#refuse("read", address, bytes.length) ?? false;
    const offset = va - region.base;
    if (!this.#isWritten(region, offset, address, bytes.length)) return false;
    bytes.set(region.bytes.subarray(offset, offset + bytes.length));
    return true;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    const region = this.#findPlain(va, bytes.length);
    if (region === undefined || region.isReadOnly === true) {
      return this.#refuse("write", address, bytes.length) ?? false;
    }
    const offset = va - region.base;
    region.written?.fill(1, offset, offset + bytes.length);
    region.bytes.set(bytes, offset);
    return true;
  }

  #findPlain(va: number, size: number): Region | undefined {
    const region = this.#find(va, size);
    return region?.fields === undefined ? region : undefined;
  }

  /** The region that holds all of the bytes. */
  #find(va: number, size: number): Region | undefined {
    if (this.#last !== undefined && contains(this.#last, va, size)) return this.#last;
    let [low, high] = [0, this.#regions.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const region = this.#regions[middle]!;
      if (va < region.base) high = middle;
      else if (va >= end(region)) low = middle + 1;
      else if (contains(region, va, size)) {
        this.#last = region;
        return region;
      } else return undefined;
    }
    return undefined;
  }

  #noField(what: "read" | "write" | "change", region: Region, offset: number, address: U64, size: Size): undefined {
    this.#fault = {
      why: "badAccess",
      detail: `${what} of ${size} bytes at ${hex64(address)}: ${region.name} has no such field at offset ${offset}`,
    };
    return undefined;
  }

  /** Whether all of the bytes may be read. */
  #isWritten(region: Region, offset: number, address: bigint, size: number): boolean {
    const { written } = region;
    if (written === undefined || !this.refusesUnwritten) return true;
    for (let at = offset; at < offset + size; at++) {
      if (written[at] !== 0) continue;
      this.#fault = {
        why: "uninitialisedStack",
        detail: `read of ${size} bytes at ${hex64(address)}: byte ${at} of ${region.name} was not written`,
      };
      return false;
    }
    return true;
  }

  #refuse(what: "read" | "write", address: bigint, size: number): undefined {
    const region = this.#find(vaOf(address), 1);
    const reason =
      region === undefined
        ? "outside every region"
        : region.fields !== undefined
          ? `${region.name} may only be read field by field`
          : region.isReadOnly === true && what === "write"
            ? `${region.name} may only be read`
            : `crosses the end of ${region.name}`;
    this.#fault = { why: "badAccess", detail: `${what} of ${size} bytes at ${hex64(address)}: ${reason}` };
    return undefined;
  }
}

/** The low 48 bits of a kernel address, or a number below every region. */
const vaOf = (address: bigint): number => (address < KERNEL_HALF ? -1 : Number(BigInt.asUintN(48, address)));
const end = (region: Region): number => region.base + region.bytes.length;
const contains = (region: Region, va: number, size: number): boolean => va >= region.base && va + size <= end(region);

const GET: Record<Size, (view: DataView, offset: number) => U64> = {
  1: (view, offset) => BigInt(view.getUint8(offset)) as U64,
  2: (view, offset) => BigInt(view.getUint16(offset, true)) as U64,
  4: (view, offset) => BigInt(view.getUint32(offset, true)) as U64,
  8: (view, offset) => view.getBigUint64(offset, true) as U64,
};
const SET: Record<Size, (view: DataView, offset: number, value: U64) => void> = {
  1: (view, offset, value) => view.setUint8(offset, Number(BigInt.asUintN(8, value))),
  2: (view, offset, value) => view.setUint16(offset, Number(BigInt.asUintN(16, value)), true),
  4: (view, offset, value) => view.setUint32(offset, Number(BigInt.asUintN(32, value)), true),
  8: (view, offset, value) => view.setBigUint64(offset, value, true),
};
