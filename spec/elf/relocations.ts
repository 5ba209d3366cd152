// The relocations of an ELF file: the tables as they stand.

import { type Elf, type ElfSection, SECTION_TYPE, viewOf } from "./elf.js";
import { entriesOf } from "./symbols.js";

export interface ElfRelocation {
  /** In a relocatable file an offset in the section that it changes. */
  readonly offset: bigint;
  readonly type: number;
  /** Index of a symbol. */
  readonly symbol: number;
  /** Zero where the entry has none. */
  readonly addend: bigint;
}

const REL_BYTES = 16;
const RELA_BYTES = 24;

/** All sections that change that one. */
export const relocationSectionsOf = (elf: Elf, section: ElfSection): readonly ElfSection[] =>
  elf.sections.filter(
    ({ type, info }) => (type === SECTION_TYPE.rel || type === SECTION_TYPE.rela) && info === section.index,
  );

/** The entries of a relocation section. @throws Malformed */
export function relocationsIn(table: ElfSection): readonly ElfRelocation[] {
  const hasAddend = table.type === SECTION_TYPE.rela;
  const bytes = hasAddend ? RELA_BYTES : REL_BYTES;
  const view = viewOf(table.bytes);
  return Array.from({ length: entriesOf(table, bytes) }, (_, index) => {
    const at = index * bytes;
    return {
      offset: view.getBigUint64(at, true),
      type: view.getUint32(at + 8, true),
      symbol: view.getUint32(at + 12, true),
      addend: hasAddend ? view.getBigInt64(at + 16, true) : 0n,
    };
  });
}
