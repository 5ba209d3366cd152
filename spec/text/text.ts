// What read-only, executable memory must hold after each call, whoever wrote it and how: a plain copy of every region,
// changed only by the calls that may change it. Memory without a live program holds only the illegal instruction.

import { Buffer } from "node:buffer";

/** BRK #0x100, as a little-endian word: what memory without a live program holds. */
export const ILLEGAL = 0xd420_2000;

/** The address behind the code of an image: what the jump to a trampoline loads. */
export const LITERAL_BYTES = 8;
/** Of an image's exception table: insn, fixup, type and data. */
export const ENTRY_BYTES = 12;
/** Up to 5.15: insn and fixup. */
export const SHORT_ENTRY_BYTES = 8;

/** Reads bytes of the memory under test. */
type Peek = (address: number, bytes: number) => Uint8Array;

interface TextDifference {
  readonly address: number;
  readonly expected: number;
  readonly got: number;
}

/** What a region must hold. */
interface Region {
  readonly base: number;
  readonly bytes: Uint8Array;
  /** Whatever is outside of [from, to) is illegal instructions: nothing has been stored there since they were. */
  from: number;
  to: number;
}

export class ReferenceText {
  private readonly held = new Map<number, Region>();

  /** By first address, what each region must hold. */
  get regions(): ReadonlyMap<number, Pick<Region, "bytes">> {
    return this.held;
  }

  /** Pages became executable. */
  mapped(base: number, bytes: number): void {
    this.held.set(base, { base, bytes: illegal(bytes), from: bytes, to: 0 });
  }

  unmapped(base: number): void {
    const region = this.held.get(base);
    if (region === undefined) throw new RangeError(`no region begins at 0x${base.toString(16)}`);
    this.held.delete(base);
    const { bytes, from, to } = region;
    spare.push(filled(bytes, from - (from % 4), to));
    if (spare.length > MOST_SPARE) spare.shift();
  }

  /** A program was published, or a part of one replaced. */
  stored(address: number, contents: Uint8Array): void {
    const region = this.around(address, contents.length);
    const from = address - region.base;
    region.bytes.set(contents, from);
    region.from = Math.min(region.from, from);
    region.to = Math.max(region.to, from + contents.length);
  }

  /** Room was given back. */
  freed(address: number, bytes: number): void {
    const region = this.around(address, bytes);
    filled(region.bytes, address - region.base, address - region.base + bytes);
  }

  /** The expected bytes of a range within one region, for reading. */
  at(address: number, bytes: number): Uint8Array {
    const region = this.around(address, bytes);
    const from = address - region.base;
    return region.bytes.subarray(from, from + bytes);
  }

  /** Whether a range lies in one region. */
  holds(address: number, bytes: number): boolean {
    return this.find(address, bytes) !== undefined;
  }

  /** The first byte that the memory under test has wrong, or undefined. */
  difference(peek: Peek): TextDifference | undefined {
    for (const { base, bytes } of this.held.values()) {
      const got = peek(base, bytes.length);
      if (Buffer.compare(bytes, got) === 0) continue;
      const at = bytes.findIndex((byte, i) => byte !== got[i]);
      if (at >= 0) return { address: base + at, expected: bytes[at]!, got: got[at]! };
    }
    return undefined;
  }

  private find(address: number, bytes: number): Region | undefined {
    for (const region of this.held.values()) {
      if (address >= region.base && address + bytes <= region.base + region.bytes.length) return region;
    }
    return undefined;
  }

  private around(address: number, bytes: number): Region {
    const region = this.find(address, bytes);
    if (region === undefined) throw new RangeError(`0x${address.toString(16)}+${bytes} is in no region`);
    return region;
  }
}

/** Illegal instructions where regions were that are gone, the latest last: to make so many takes longer. */
const spare: Uint8Array[] = [];
const MOST_SPARE = 8;

function illegal(bytes: number): Uint8Array {
  const at = spare.findIndex(({ length }) => length === bytes);
  const [used] = at < 0 ? [] : spare.splice(at, 1);
  return used ?? filled(new Uint8Array(bytes), 0, bytes);
}

/** Whole words; at the end of an odd length, the beginning of one. Little-endian, as every machine that runs this is. */
function filled(room: Uint8Array, from: number, to: number): Uint8Array {
  for (let at = from; at < to; at += ILLEGAL_PAGE.length) room.set(ILLEGAL_PAGE.subarray(0, to - at), at);
  return room;
}

const ILLEGAL_PAGE = new Uint8Array(new Uint32Array(4096).fill(ILLEGAL).buffer);
