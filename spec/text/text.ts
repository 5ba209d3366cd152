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

export class ReferenceText {
  private readonly held = new Map<number, Uint8Array>();

  /** By first address, what each region must hold. */
  get regions(): ReadonlyMap<number, Uint8Array> {
    return this.held;
  }

  /** Pages became executable. */
  mapped(base: number, bytes: number): void {
    this.held.set(base, illegal(bytes));
  }

  unmapped(base: number): void {
    const region = this.held.get(base);
    if (region === undefined) throw new RangeError(`no region begins at 0x${base.toString(16)}`);
    this.held.delete(base);
    if (spare.length < MOST_SPARE) spare.push(region);
  }

  /** A program was published, or a part of one replaced. */
  stored(address: number, contents: Uint8Array): void {
    this.at(address, contents.length).set(contents);
  }

  /** Room was given back. */
  freed(address: number, bytes: number): void {
    filled(this.at(address, bytes));
  }

  /** The expected bytes of a range within one region, for reading. */
  at(address: number, bytes: number): Uint8Array {
    for (const [base, region] of this.held) {
      const from = address - base;
      if (from >= 0 && from + bytes <= region.length) return region.subarray(from, from + bytes);
    }
    throw new RangeError(`0x${address.toString(16)}+${bytes} is in no region`);
  }

  /** Whether a range lies in one region. */
  holds(address: number, bytes: number): boolean {
    for (const [base, region] of this.held) {
      if (address >= base && address + bytes <= base + region.length) return true;
    }
    return false;
  }

  /** The first byte that the memory under test has wrong, or undefined. */
  difference(peek: Peek): TextDifference | undefined {
    for (const [base, region] of this.held) {
      const got = peek(base, region.length);
      if (Buffer.compare(region, got) === 0) continue;
      const at = region.findIndex((byte, i) => byte !== got[i]);
      if (at >= 0) return { address: base + at, expected: region[at]!, got: got[at]! };
    }
    return undefined;
  }
}

/** Regions that are gone: to make one takes longer than to fill it. */
const spare: Uint8Array[] = [];
const MOST_SPARE = 8;

function illegal(bytes: number): Uint8Array {
  const at = spare.findIndex(({ length }) => length === bytes);
  const [used = new Uint8Array(bytes)] = at < 0 ? [] : spare.splice(at, 1);
  return filled(used);
}

/** Whole words; at the end of an odd length, the beginning of one. Little-endian, as every machine that runs this is. */
function filled(room: Uint8Array): Uint8Array {
  for (let at = 0; at < room.length; at += ILLEGAL_PAGE.length) {
    room.set(ILLEGAL_PAGE.subarray(0, room.length - at), at);
  }
  return room;
}

const ILLEGAL_PAGE = new Uint8Array(new Uint32Array(4096).fill(ILLEGAL).buffer);
