// The functions of an object file: pieces of code sections that a symbol names. Programs are those that a loader would
// attach; the others are subprograms, which programs call.

import type { ElfSection } from "../../elf/elf.js";
import { type ElfSymbol, SYMBOL_BINDING, SYMBOL_TYPE } from "../../elf/symbols.js";
import { Malformed } from "../../malformed.js";
import { SLOT_BYTES } from "../insn.js";

export interface ObjectFunction {
  readonly name: string;
  readonly section: ElfSection;
  /** Slots of the section: the first one, and one past the last. */
  readonly start: number;
  readonly end: number;
  readonly isGlobal: boolean;
}

/** Linux loads no program of more instructions, subprograms included. */
const MOST_SLOTS = 1_000_000;

/** Of one code section, by start. A section that no symbol divides is one function. @throws Malformed */
export function functionsOf(section: ElfSection, symbols: readonly ElfSymbol[]): readonly ObjectFunction[] {
  const { name, index, bytes } = section;
  if (bytes.length % SLOT_BYTES !== 0) {
    throw new Malformed(`instructions of ${SLOT_BYTES} bytes in section ${name}`, `${bytes.length} bytes`);
  }
  const slots = bytes.length / SLOT_BYTES;
  if (slots > MOST_SLOTS)
    throw new Malformed(`at most ${MOST_SLOTS} instructions in section ${name}`, `${slots}`, "make it smaller");
  const named = symbols.filter((symbol) => symbol.section === index && symbol.type === SYMBOL_TYPE.function);
  const functions = distinct(named.map((symbol) => functionOf(symbol, section, slots)));
  if (functions.length === 0) {
    const label = symbols.find(
      (symbol) => symbol.section === index && symbol.type === SYMBOL_TYPE.none && symbol.value === 0n,
    );
    return slots === 0 ? [] : [{ name: label?.name || name, section, start: 0, end: slots, isGlobal: true }];
  }
  return functions.map((fn, i) => bounded(fn, functions[i + 1], slots));
}

function functionOf(symbol: ElfSymbol, section: ElfSection, slots: number): ObjectFunction {
  const { name, value, size, binding } = symbol;
  const end = value + BigInt(size);
  if (end > BigInt(slots * SLOT_BYTES) || value >= BigInt(slots * SLOT_BYTES)) {
    const got = `bytes ${value} to ${end}`;
    throw new Malformed(`function ${name} within the ${slots * SLOT_BYTES} bytes of section ${section.name}`, got);
  }
  if (value % BigInt(SLOT_BYTES) !== 0n || size % SLOT_BYTES !== 0) {
    throw new Malformed(`function ${name} at whole instructions`, `bytes ${value} to ${end}`);
  }
  const start = Number(value) / SLOT_BYTES;
  return { name, section, start, end: start + size / SLOT_BYTES, isGlobal: binding !== SYMBOL_BINDING.local };
}

/** By start; of several names for one place a global one. */
function distinct(functions: readonly ObjectFunction[]): readonly ObjectFunction[] {
  const byStart = new Map<number, ObjectFunction>();
  for (const fn of functions) {
    const known = byStart.get(fn.start);
    if (known === undefined || (fn.isGlobal && !known.isGlobal)) byStart.set(fn.start, fn);
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

/** A symbol without a size reaches to the next one. */
function bounded(fn: ObjectFunction, next: ObjectFunction | undefined, slots: number): ObjectFunction {
  const limit = next?.start ?? slots;
  if (fn.end <= limit) return fn.end > fn.start ? fn : { ...fn, end: limit };
  throw new Malformed(`functions apart in section ${fn.section.name}`, `${next?.name ?? "another"} within ${fn.name}`);
}
