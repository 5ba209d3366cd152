// A reader of ELF64 files, little endian, for whoever looks into one: BPF objects (relocatable) and kernels (linked). It
// checks that everything lies within the file and that no two sections share bytes, and gives views, not copies. A file
// from a stranger costs no more than its length: names and tables are bounded by the file. Source: the ELF-64 Object
// File Format, version 1.5, and gABI for extended section numbers.

import { Malformed, type Parsed, parsed } from "../malformed.js";
import { Names } from "./names.js";

/** `none`: compilers of old and some assemblers leave the machine out. */
export const ELF_MACHINE = { none: 0, aarch64: 183, bpf: 247 } as const;
export const ELF_TYPE = { relocatable: 1, executable: 2, dynamic: 3 } as const;
export const SECTION_TYPE = { progbits: 1, symtab: 2, strtab: 3, rela: 4, nobits: 8, rel: 9 } as const;
/** Bits of a section's flags. */
export const SECTION_FLAG = { write: 1, alloc: 2, execute: 4, compressed: 0x800 } as const;

/** Type of a segment that is loaded. */
export const SEGMENT_LOAD = 1;

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  /** Of its bytes in the file. */
  readonly offset: number;
  /** In bytes; of a section without bytes in the file (`nobits`) what it takes in memory. */
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entryBytes: number;
  /** A view of the file; empty for `nobits`. */
  readonly bytes: Uint8Array;
}

export interface ElfSegment {
  readonly type: number;
  readonly flags: number;
  readonly address: bigint;
  readonly memoryBytes: number;
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

export interface Elf {
  /** One of `ELF_TYPE`, or another. */
  readonly type: number;
  /** One of `ELF_MACHINE`, or another. */
  readonly machine: number;
  readonly entry: bigint;
  /** By index; the first one is empty. */
  readonly sections: readonly ElfSection[];
  readonly segments: readonly ElfSegment[];
}

const MAGIC = [0x7f, 0x45, 0x4c, 0x46] as const;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SEGMENT_BYTES = 56;

export const isElf = (bytes: Uint8Array): boolean => MAGIC.every((byte, i) => bytes[i] === byte);

/** The sections and segments of a file, or why it is no whole ELF64 file. */
export const readElf = (bytes: Uint8Array): Parsed<Elf> => parsed(() => new ElfReader(bytes).read());

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** A 64-bit field that counts bytes of something. */
export function sizeField(view: DataView, at: number, what: string): number {
  const value = view.getBigUint64(at, true);
  if (value <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(value);
  throw new Malformed(`${what} below 2^53`, `0x${value.toString(16)}`);
}

class ElfReader {
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = viewOf(bytes);
  }

  read(): Elf {
    const { bytes, view } = this;
    if (!isElf(bytes)) throw new Malformed("an ELF file", "other first bytes");
    if (bytes.length < HEADER_BYTES) throw new Malformed(`an ELF header of ${HEADER_BYTES} bytes`, `${bytes.length}`);
    if (bytes[4] !== 2) throw new Malformed("a 64-bit ELF file", bytes[4] === 1 ? "a 32-bit one" : `class ${bytes[4]}`);
    if (bytes[5] !== 1)
      throw new Malformed("a little-endian ELF file", bytes[5] === 2 ? "a big-endian one" : `data ${bytes[5]}`);
    return {
      type: view.getUint16(16, true),
      machine: view.getUint16(18, true),
      entry: view.getBigUint64(24, true),
      sections: this.sections(),
      segments: this.segments(),
    };
  }

  private sections(): readonly ElfSection[] {
    const { view } = this;
    const table = sizeField(view, 40, "the place of the section headers");
    if (table === 0) return [];
    this.within(table, SECTION_BYTES, "the first section header");
    this.entries("section header", view.getUint16(58, true), SECTION_BYTES);
    // More sections than 16 bits count: the first header, which is empty otherwise, has the numbers.
    const count = view.getUint16(60, true) || sizeField(view, table + 32, "the number of sections");
    const namesIndex = view.getUint16(62, true);
    const namesAt = namesIndex === 0xffff ? view.getUint32(table + 40, true) : namesIndex;
    this.within(table, count * SECTION_BYTES, `the ${count} section headers`);
    if (namesAt >= count) throw new Malformed(`section names in one of ${count} sections`, `in section ${namesAt}`);
    const nameOffsets: number[] = [];
    const raw = Array.from({ length: count }, (_, index) => {
      const at = table + index * SECTION_BYTES;
      nameOffsets.push(view.getUint32(at, true));
      return this.section(index, at);
    });
    const names = new Names(raw[namesAt]!.bytes, "the section names");
    const sections = raw.map((section, index) => ({ ...section, name: names.at(nameOffsets[index]!) }));
    checkOverlaps([
      { what: "the ELF header", offset: 0, end: HEADER_BYTES },
      { what: "the section headers", offset: table, end: table + count * SECTION_BYTES },
      ...sections.map(({ name, index, offset, bytes }) => ({
        ...{ what: name === "" ? `section ${index}` : name, offset, end: offset + bytes.length },
      })),
    ]);
    return sections;
  }

  private section(index: number, at: number): ElfSection {
    const { view } = this;
    const type = view.getUint32(at + 4, true);
    const offset = sizeField(view, at + 24, `the offset of section ${index}`);
    const size = sizeField(view, at + 32, `the size of section ${index}`);
    const inFile = type !== 0 && type !== SECTION_TYPE.nobits;
    if (inFile) this.within(offset, size, `section ${index}`);
    return {
      ...{ index, name: "", type, flags: Number(view.getBigUint64(at + 8, true) & 0xffff_ffffn) },
      ...{ address: view.getBigUint64(at + 16, true), offset, size },
      link: view.getUint32(at + 40, true),
      info: view.getUint32(at + 44, true),
      entryBytes: sizeField(view, at + 56, `the entry size of section ${index}`),
      bytes: inFile ? this.bytes.subarray(offset, offset + size) : new Uint8Array(0),
    };
  }

  private segments(): readonly ElfSegment[] {
    const { view } = this;
    const count = view.getUint16(56, true);
    if (count === 0) return [];
    const table = sizeField(view, 32, "the place of the program headers");
    this.entries("program header", view.getUint16(54, true), SEGMENT_BYTES);
    this.within(table, count * SEGMENT_BYTES, `the ${count} program headers`);
    return Array.from({ length: count }, (_, index) => {
      const at = table + index * SEGMENT_BYTES;
      const offset = sizeField(view, at + 8, `the offset of segment ${index}`);
      const fileBytes = sizeField(view, at + 32, `the size of segment ${index}`);
      this.within(offset, fileBytes, `segment ${index}`);
      return {
        type: view.getUint32(at, true),
        flags: view.getUint32(at + 4, true),
        address: view.getBigUint64(at + 16, true),
        memoryBytes: sizeField(view, at + 40, `the size of segment ${index} in memory`),
        bytes: this.bytes.subarray(offset, offset + fileBytes),
      };
    });
  }

  private within(offset: number, size: number, what: string): void {
    if (offset + size <= this.bytes.length) return;
    throw new Malformed(`${what} within the file's ${this.bytes.length} bytes`, `bytes ${offset} to ${offset + size}`);
  }

  private entries(what: string, got: number, expected: number): void {
    if (got !== expected) throw new Malformed(`a ${what} of ${expected} bytes`, `one of ${got}`);
  }
}

interface Span {
  readonly what: string;
  readonly offset: number;
  readonly end: number;
}

function checkOverlaps(spans: readonly Span[]): void {
  const sorted = spans.filter(({ offset, end }) => end > offset).sort((a, b) => a.offset - b.offset);
  for (const [i, next] of sorted.slice(1).entries()) {
    const before = sorted[i]!;
    if (before.end <= next.offset) continue;
    throw new Malformed("sections apart in the file", `${next.what} within ${before.what}, at byte ${next.offset}`);
  }
}
