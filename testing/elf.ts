// Writes ELF64 files for tests of whatever reads them: sections, symbols and relocations as a test says them, and every
// field that it wants to spoil.

interface ElfSectionSpec {
  readonly name: string;
  /** Default: 1, bytes of the program. */
  readonly type?: number;
  readonly flags?: number;
  readonly bytes?: Uint8Array;
  /** Instead of the length of `bytes`. */
  readonly size?: number;
  /** Instead of where the bytes are. */
  readonly offset?: number;
  /** Names of sections. */
  readonly link?: string;
  readonly info?: string | number;
  readonly entryBytes?: number;
}
interface ElfSymbolSpec {
  readonly name: string;
  /** Name of a section; absent: undefined, as of an extern. */
  readonly section?: string;
  readonly value?: number | bigint;
  readonly size?: number;
  /** Default: a function. */
  readonly type?: number;
  /** Default: global. */
  readonly binding?: number;
}
interface ElfRelocationSpec {
  readonly offset: number;
  readonly type: number;
  readonly symbol: string;
}

/** Loaded as it stands, all of a section's bytes. */
interface ElfSegmentSpec {
  readonly section: string;
  readonly address: bigint;
}

export interface ElfSpec {
  readonly segments?: readonly ElfSegmentSpec[];
  readonly sections: readonly ElfSectionSpec[];
  readonly symbols?: readonly ElfSymbolSpec[];
  /** By name of the section that they change. */
  readonly relocations?: Readonly<Record<string, readonly ElfRelocationSpec[]>>;
  /** Default: BPF, relocatable. */
  readonly machine?: number;
  readonly type?: number;
}

const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SEGMENT_BYTES = 56;

/** A file of these sections, with tables of names, symbols and relocations behind them. */
export function writeElf(spec: ElfSpec): Uint8Array {
  const { symbols = [], relocations = {} } = spec;
  const symbolNames = strings(symbols.map(({ name }) => name));
  const own: ElfSectionSpec[] = [{ name: "", type: 0 }, ...spec.sections];
  const sectionIndex = (name: string): number => {
    const at = own.findIndex((section) => section.name === name);
    if (at < 0) throw new RangeError(`no section ${name}`);
    return at;
  };
  for (const [section, list] of Object.entries(relocations)) {
    const symbolIndex = (name: string): number => 1 + symbols.findIndex((symbol) => symbol.name === name);
    const bytes = Buffer.concat(list.map((one) => relocationBytes(one, symbolIndex(one.symbol))));
    own.push({ name: `.rel${section}`, type: 9, bytes, link: ".symtab", info: section, entryBytes: 16 });
  }
  if (symbols.length > 0) {
    const entries = symbols.map((symbol, i) => {
      const section = symbol.section === undefined ? 0 : sectionIndex(symbol.section);
      return symbolBytes(symbol, symbolNames.offsets[i]!, section);
    });
    const bytes = Buffer.concat([new Uint8Array(24), ...entries]);
    own.push({ name: ".symtab", type: 2, bytes, link: ".strtab", info: 1, entryBytes: 24 });
    own.push({ name: ".strtab", type: 3, bytes: symbolNames.bytes });
  }
  const names = strings([...own.map(({ name }) => name), ".shstrtab"]);
  own.push({ name: ".shstrtab", type: 3, bytes: names.bytes });
  return assemble(spec, own, names.offsets, sectionIndex);
}

function assemble(
  { machine = 247, type = 1, segments = [] }: ElfSpec,
  sections: readonly ElfSectionSpec[],
  nameOffsets: readonly number[],
  indexOf: (name: string) => number,
): Uint8Array {
  const offsets: number[] = [];
  let end = HEADER_BYTES + SEGMENT_BYTES * segments.length;
  for (const { bytes = new Uint8Array(), type: sectionType = 1 } of sections) {
    end = Math.ceil(end / 8) * 8;
    offsets.push(sectionType === 0 ? 0 : end);
    end += bytes.length;
  }
  const table = Math.ceil(end / 8) * 8;
  const file = Buffer.alloc(table + sections.length * SECTION_BYTES);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(type, 16);
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(table), 40);
  file.writeUInt16LE(HEADER_BYTES, 52);
  file.writeUInt16LE(SECTION_BYTES, 58);
  file.writeUInt16LE(sections.length, 60);
  file.writeUInt16LE(sections.length - 1, 62);
  file.writeUInt16LE(SEGMENT_BYTES, 54);
  file.writeUInt16LE(segments.length, 56);
  if (segments.length > 0) file.writeBigUInt64LE(BigInt(HEADER_BYTES), 32);
  for (const [i, { section, address }] of segments.entries()) {
    const index = indexOf(section);
    const at = HEADER_BYTES + SEGMENT_BYTES * i;
    file.writeUInt32LE(1, at);
    file.writeBigUInt64LE(BigInt(offsets[index]!), at + 8);
    file.writeBigUInt64LE(address, at + 16);
    for (const field of [32, 40]) file.writeBigUInt64LE(BigInt(sections[index]!.bytes?.length ?? 0), at + field);
  }
  for (const [i, section] of sections.entries()) {
    const { bytes = new Uint8Array(), link, info = 0, entryBytes = 0 } = section;
    const at = table + i * SECTION_BYTES;
    file.set(bytes, offsets[i]);
    file.writeUInt32LE(nameOffsets[i]!, at);
    file.writeUInt32LE(section.type ?? 1, at + 4);
    file.writeBigUInt64LE(BigInt(section.flags ?? 0), at + 8);
    file.writeBigUInt64LE(BigInt(section.offset ?? offsets[i]!), at + 24);
    file.writeBigUInt64LE(BigInt(section.size ?? bytes.length), at + 32);
    file.writeUInt32LE(link === undefined ? 0 : indexOf(link), at + 40);
    file.writeUInt32LE(typeof info === "string" ? indexOf(info) : info, at + 44);
    file.writeBigUInt64LE(BigInt(entryBytes), at + 56);
  }
  return new Uint8Array(file);
}

function strings(names: readonly string[]): { readonly bytes: Uint8Array; readonly offsets: readonly number[] } {
  const offsets: number[] = [];
  let text = "\0";
  for (const name of names) {
    offsets.push(name === "" ? 0 : Buffer.byteLength(text));
    if (name !== "") text += `${name}\0`;
  }
  return { bytes: new Uint8Array(Buffer.from(text)), offsets };
}

function symbolBytes(symbol: ElfSymbolSpec, nameOffset: number, section: number): Uint8Array {
  const bytes = Buffer.alloc(24);
  bytes.writeUInt32LE(nameOffset, 0);
  bytes[4] = ((symbol.binding ?? 1) << 4) | (symbol.type ?? 2);
  bytes.writeUInt16LE(section, 6);
  bytes.writeBigUInt64LE(BigInt(symbol.value ?? 0), 8);
  bytes.writeBigUInt64LE(BigInt(symbol.size ?? 0), 16);
  return bytes;
}

function relocationBytes({ offset, type }: ElfRelocationSpec, symbol: number): Uint8Array {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(BigInt(offset), 0);
  bytes.writeUInt32LE(type, 8);
  bytes.writeUInt32LE(symbol, 12);
  return bytes;
}
