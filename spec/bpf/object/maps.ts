// The maps of an object file. A map is a variable: in `.maps` its type in BTF says what it is, in `maps` and `maps/NAME`
// its first words do, as loaders before BTF read them. Sections of data are arrays of one element that hold their bytes.

import type { Btf } from "../../btf/btf.js";
import { type Elf, type ElfSection, SECTION_FLAG, SECTION_TYPE, viewOf } from "../../elf/elf.js";
import { type ElfRelocation, relocationSectionsOf, relocationsIn } from "../../elf/relocations.js";
import { type ElfSymbol, SYMBOL_TYPE } from "../../elf/symbols.js";
import { Malformed } from "../../malformed.js";
import { JUMP_TABLES, jumpTablesOf } from "./jump-tables.js";
import type { ObjectMap } from "./object-map.js";

const ARRAY = 2;
const BTF_MAPS = ".maps";
const isLegacy = (name: string): boolean => name === "maps" || name.startsWith("maps/");
const holdsMaps = (name: string): boolean => name === BTF_MAPS || isLegacy(name);

/** What an address of an instruction may point to beside maps and functions. */
export const isData = ({ type, flags, name }: ElfSection): boolean =>
  (type === SECTION_TYPE.progbits || type === SECTION_TYPE.nobits) &&
  (flags & SECTION_FLAG.alloc) !== 0 &&
  (flags & SECTION_FLAG.execute) === 0 &&
  !holdsMaps(name) &&
  name !== JUMP_TABLES;

/** All maps, data sections last. @throws Malformed */
export function mapsOf(elf: Elf, symbols: readonly ElfSymbol[], btf: Btf | undefined): readonly ObjectMap[] {
  return elf.sections.flatMap((section) => {
    if (section.name === BTF_MAPS) return btfMaps(elf, section, symbols, btf);
    if (isLegacy(section.name)) return legacyMaps(section, symbols);
    if (section.name === JUMP_TABLES) return jumpTablesOf(section, symbols);
    return isData(section) && section.size > 0 ? [dataMap(section)] : [];
  });
}

const MOST_DATA_BYTES = 32 * 1024 * 1024;

function dataMap({ name, index, size, bytes }: ElfSection): ObjectMap {
  if (size > MOST_DATA_BYTES)
    throw new Malformed(`section ${name} of at most ${MOST_DATA_BYTES} bytes`, `${size}`, "make it smaller");
  const shape = { name, section: index, offset: 0, type: ARRAY, keyBytes: 4, valueBytes: size, entries: 1 };
  return bytes.some((byte) => byte !== 0) ? { ...shape, data: bytes } : shape;
}

/** @param imm what the instruction adds to the symbol. @throws Malformed for an address outside a section of data */
export function checkAddress(map: ObjectMap, symbol: ElfSymbol, imm: number, where: () => string): void {
  const [place, bytes] = [Number(symbol.value), map.valueBytes];
  if (place + imm >= 0 && place + imm < bytes) return;
  // The assembler of binutils 2.40 writes the place of a symbol into the instruction as well, to which loaders add it.
  const isTwice = place > 0 && imm === place;
  const how = isTwice ? `, the place of ${symbol.name}, ${place}, counted twice,` : "";
  const next = isTwice ? "its assembler is at fault: use another one" : "correct the program";
  throw new Malformed(
    `an address within the ${bytes} bytes of ${map.name}`,
    `byte ${place + imm}${how} in ${where()}`,
    next,
  );
}

const LEAST_LEGACY_BYTES = 16;
/** struct bpf_elf_map of iproute2: type, size_key, size_value, max_elem, flags, id, pinning, inner_id, inner_idx. */
const IPROUTE2_BYTES = 36;

function legacyMaps(section: ElfSection, symbols: readonly ElfSymbol[]): readonly ObjectMap[] {
  const named = symbols
    .filter(({ section: at, type, name }) => at === section.index && name !== "" && type !== SYMBOL_TYPE.section)
    .sort((a, b) => Number(a.value - b.value));
  const view = viewOf(section.bytes);
  return named.map(({ name, value, size }, i) => {
    const next = named.find((other, j) => j > i && other.value > value)?.value ?? BigInt(section.bytes.length);
    const bytes = size || Number(next - value);
    if (bytes < LEAST_LEGACY_BYTES || value + BigInt(bytes) > BigInt(section.bytes.length)) {
      const expected = `map ${name} of at least ${LEAST_LEGACY_BYTES} bytes within section ${section.name}`;
      throw new Malformed(expected, `bytes ${value} to ${value + BigInt(bytes)} of ${section.bytes.length}`);
    }
    const offset = Number(value);
    const [type, keyBytes, valueBytes, entries] = [0, 4, 8, 12].map((at) => view.getUint32(offset + at, true)) as [
      ...[number, number, number, number],
    ];
    const id = bytes === IPROUTE2_BYTES ? { id: view.getUint32(offset + 20, true) } : {};
    return { name, section: section.index, offset, type, keyBytes, valueBytes, entries, ...id };
  });
}

function btfMaps(
  elf: Elf,
  section: ElfSection,
  symbols: readonly ElfSymbol[],
  btf: Btf | undefined,
): readonly ObjectMap[] {
  const types = btf?.find("datasec", BTF_MAPS);
  if (btf === undefined || types === undefined) {
    throw new Malformed(
      "the types of the maps in .BTF",
      btf === undefined ? "no section .BTF" : "a section .BTF without them",
      "compile it with -g, with gcc -gbtf",
    );
  }
  const relocations = relocationSectionsOf(elf, section).flatMap(relocationsIn);
  return btf.variables(types).map(({ type }) => {
    const name = btf.name(type);
    const symbol = symbols.find((one) => one.name === name && one.section === section.index);
    if (symbol === undefined) throw new Malformed(`a symbol for map ${name}`, "none");
    const offset = Number(symbol.value);
    const end = symbol.value + BigInt(symbol.size);
    const own = relocations.filter((one) => one.offset >= symbol.value && one.offset < end);
    return { name, section: section.index, offset, ...definition(btf, name, type, offset, own) };
  });
}

/** `__uint(max_entries, 16)` is a pointer to an array of 16, `__type(key, u32)` a pointer to the type. */
function definition(
  btf: Btf,
  name: string,
  variable: number,
  offset: number,
  relocations: readonly ElfRelocation[],
): Omit<ObjectMap, "name" | "section" | "offset"> {
  const struct = btf.resolve(variable);
  if (btf.kind(struct) !== "struct") throw new Malformed(`map ${name} to be a structure`, btf.kind(struct));
  const made = { type: 0, keyBytes: 0, valueBytes: 0, entries: 0 };
  let slots: ReadonlyMap<number, number> | undefined;
  for (const { name: member, type, bitOffset } of btf.members(struct)) {
    const points = btf.resolve(type);
    const isPointer = btf.kind(points) === "ptr";
    const number = (): number => (isPointer ? btf.array(btf.resolve(btf.target(points))).length : 0);
    const size = (): number => (isPointer ? btf.sizeOf(btf.target(points)) : 0);
    if (member === "type") made.type = number();
    else if (member === "key_size") made.keyBytes = number();
    else if (member === "value_size") made.valueBytes = number();
    else if (member === "max_entries") made.entries = number();
    else if (member === "key") made.keyBytes = size();
    else if (member === "value") made.valueBytes = size();
    else if (member === "values") slots = slotsAt(offset + bitOffset / 8, relocations);
  }
  return { ...made, ...(slots && { slots }) };
}

/** The pointers that begin at that place, as the relocations of `.maps` fill them in. */
function slotsAt(start: number, relocations: readonly ElfRelocation[]): ReadonlyMap<number, number> {
  const slots = new Map<number, number>();
  for (const { offset, symbol } of relocations) {
    const slot = (Number(offset) - start) / 8;
    if (Number.isInteger(slot) && slot >= 0) slots.set(slot, symbol);
  }
  return slots;
}
