// The symbols of an ELF file: the table as it stands, each entry checked against the tables that it names.

import { Malformed } from "../malformed.js";
import { type Elf, type ElfSection, SECTION_TYPE, sizeField, viewOf } from "./elf.js";
import { Names } from "./names.js";

export const SYMBOL_TYPE = { none: 0, object: 1, function: 2, section: 3, file: 4 } as const;
export const SYMBOL_BINDING = { local: 0, global: 1, weak: 2 } as const;
/** Values of `ElfSymbol.section` from here on, and 0, name no section. */
const SECTION_RESERVED = 0xff00;

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  /** In a relocatable file an offset in its section. */
  readonly value: bigint;
  readonly size: number;
  /** One of `SYMBOL_TYPE`, or another. */
  readonly type: number;
  /** One of `SYMBOL_BINDING`, or another. */
  readonly binding: number;
  /** Index of a section of the file, or a value that names none: 0 is undefined. */
  readonly section: number;
}

const SYMBOL_BYTES = 24;

/** The symbol table; empty where there is none. @throws Malformed */
export function symbolsOf(elf: Elf): readonly ElfSymbol[] {
  const table = elf.sections.find(({ type }) => type === SECTION_TYPE.symtab);
  if (table === undefined) return [];
  const names = elf.sections[table.link];
  if (names?.type !== SECTION_TYPE.strtab)
    throw new Malformed("symbol names in a string table", `section ${table.link}`);
  const read = new Names(names.bytes, "the symbol names");
  const view = viewOf(table.bytes);
  return Array.from({ length: entriesOf(table, SYMBOL_BYTES) }, (_, index) => {
    const at = index * SYMBOL_BYTES;
    const info = view.getUint8(at + 4);
    const section = view.getUint16(at + 6, true);
    const name = read.at(view.getUint32(at, true));
    if (section >= elf.sections.length && section < SECTION_RESERVED) {
      throw new Malformed(`symbol ${name} in one of ${elf.sections.length} sections`, `section ${section}`);
    }
    return {
      ...{ index, name, section, type: info & 0xf, binding: info >> 4 },
      value: view.getBigUint64(at + 8, true),
      size: sizeField(view, at + 16, `the size of symbol ${name}`),
    };
  });
}

/** How many entries of that size a table has. @throws Malformed */
export function entriesOf({ name, bytes, entryBytes }: ElfSection, expected: number): number {
  if (entryBytes !== 0 && entryBytes !== expected) {
    throw new Malformed(`entries of ${expected} bytes in ${name}`, `entries of ${entryBytes}`);
  }
  if (bytes.length % expected === 0) return bytes.length / expected;
  throw new Malformed(`whole entries of ${expected} bytes in ${name}`, `${bytes.length} bytes`);
}
