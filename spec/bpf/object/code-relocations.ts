// Relocations of code: by the byte that they are of, which symbol belongs there and as what. Numbers are those of LLVM's BPF
// target.

import { ELF_MACHINE, type Elf, type ElfSection } from "../../elf/elf.js";
import { type ElfRelocation, relocationSectionsOf, relocationsIn } from "../../elf/relocations.js";

export const RELOCATION = { none: 0, address: 1, call: 10 } as const;
export const RELOCATION_NAMES = new Map([
  [2, "R_BPF_64_ABS64"],
  [3, "R_BPF_64_ABS32"],
  [4, "R_BPF_64_NODYLD32"],
]);
/** Of the instructions that are relocated. */
export const OPCODE = { call: 0x85, lddw: 0x18 } as const;

export interface Relocated {
  readonly type: number;
  /** Index of a symbol. */
  readonly symbol: number;
}

export class CodeRelocations {
  private readonly known = new Map<number, ReadonlyMap<number, Relocated>>();

  constructor(private readonly elf: Elf) {}

  /** By byte of a section. */
  of(section: ElfSection): ReadonlyMap<number, Relocated> {
    const known = this.known.get(section.index);
    if (known !== undefined) return known;
    const made = new Map<number, Relocated>();
    for (const one of relocationSectionsOf(this.elf, section).flatMap(relocationsIn)) {
      const type = this.meant(one, section);
      if (type !== RELOCATION.none) made.set(Number(one.offset), { type, symbol: one.symbol });
    }
    this.known.set(section.index, made);
    return made;
  }

  /** Compilers that named no machine numbered no relocations either: the instruction says which one it is. */
  private meant({ type, offset }: ElfRelocation, { bytes }: ElfSection): number {
    if (type !== RELOCATION.none || this.elf.machine !== ELF_MACHINE.none) return type;
    const opcode = bytes[Number(offset)];
    return opcode === OPCODE.call ? RELOCATION.call : opcode === OPCODE.lddw ? RELOCATION.address : type;
  }
}
