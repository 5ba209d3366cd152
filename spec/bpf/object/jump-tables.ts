// Tables that a compiler makes for jumps through a register (LLVM 22). Each is a variable of `.jumptables`: eight bytes for
// each target, its offset in bytes in the section of the code that jumps. A loader makes an instruction array of each.

import { type ElfSection, viewOf } from "../../elf/elf.js";
import { type ElfSymbol, SYMBOL_TYPE } from "../../elf/symbols.js";
import { Malformed } from "../../malformed.js";
import { SLOT_BYTES } from "../insn.js";
import { MAP_TYPES } from "../map-types.js";
import { ADDRESS_BYTES } from "../maps.js";
import type { InsnArrayMap } from "../program.js";
import type { ObjectFunction } from "./functions.js";
import type { ObjectMap } from "./object-map.js";

export const JUMP_TABLES = ".jumptables";
const MOST_TARGETS = 1 << 16;
const INSN_ARRAY = MAP_TYPES.findIndex(({ kind }) => kind === "insnArray");

/** The tables as maps. @throws Malformed */
export const jumpTablesOf = (section: ElfSection, symbols: readonly ElfSymbol[]): readonly ObjectMap[] =>
  symbols
    .filter((one) => one.section === section.index && one.name !== "" && one.type !== SYMBOL_TYPE.section)
    .map(({ name, value, size }) => {
      const [offset, bytes] = [Number(value), Number(size)];
      if (bytes === 0 || bytes % ADDRESS_BYTES !== 0 || offset + bytes > section.bytes.length) {
        throw new Malformed(
          `table ${name} of ${ADDRESS_BYTES} bytes for each target within ${JUMP_TABLES}`,
          `${bytes}`,
        );
      }
      if (bytes / ADDRESS_BYTES > MOST_TARGETS) {
        throw new Malformed(
          `table ${name} of at most ${MOST_TARGETS} targets`,
          `${bytes / ADDRESS_BYTES}`,
          "make it smaller",
        );
      }
      const data = section.bytes.subarray(offset, offset + bytes);
      const shape = { keyBytes: 4, valueBytes: ADDRESS_BYTES, entries: bytes / ADDRESS_BYTES, data };
      return { name, section: section.index, offset, type: INSN_ARRAY, ...shape };
    });

/** Where an instruction of a linked code comes from. */
export interface Place {
  readonly fn: ObjectFunction;
  /** Slot of the function's section. */
  readonly slot: number;
}

/** The tables of one program: each is a map of the code that uses it. */
export class JumpTables {
  private readonly used = new Map<
    string,
    { readonly map: ObjectMap; readonly code: number; readonly fn: ObjectFunction }
  >();

  /** The map of a table, as the function of that code jumps through it. */
  use(table: ObjectMap, code: number, fn: ObjectFunction): ObjectMap {
    const key = `${code} ${table.offset}`;
    const known = this.used.get(key) ?? { map: { ...table }, code, fn };
    this.used.set(key, known);
    return known.map;
  }

  /** What it holds; undefined for a map that is none of them. @param places by code, where its instructions come from */
  targetsOf(map: ObjectMap, places: readonly (readonly Place[])[]): Pick<InsnArrayMap, "code" | "slots"> | undefined {
    const used = [...this.used.values()].find((one) => one.map === map);
    if (used === undefined || map.data === undefined) return undefined;
    const { code, fn } = used;
    const view = viewOf(map.data);
    const linked = new Map(places[code]!.map((place, pc) => [`${place.fn.section.index} ${place.slot}`, pc]));
    const slots = Array.from({ length: map.entries }, (_, i) => {
      const target = view.getBigUint64(ADDRESS_BYTES * i, true);
      const slot = linked.get(`${fn.section.index} ${Number(target) / SLOT_BYTES}`);
      if (slot !== undefined) return slot;
      throw new Malformed(
        `table ${map.name} of instructions of ${fn.name}`,
        `byte ${target} of section ${fn.section.name}`,
      );
    });
    return { code, slots };
  }
}
