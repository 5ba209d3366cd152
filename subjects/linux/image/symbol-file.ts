// Symbols that somebody gives with an image that lacks some: the `System.map` or the `vmlinux` of the same build. A kernel
// built without KALLSYMS_ALL names its functions only, and its data must be found too.

import { isElf } from "../../../spec/elf/elf.js";
import { Malformed } from "../../../spec/malformed.js";
import { type ListedSymbol, Symbols } from "./symbols.js";
import { listedSymbols, readVmlinux } from "./vmlinux.js";

const MOST_SYMBOLS = 1 << 22;
/** A line of System.map. */
const LINE = /^([0-9a-f]{16}) ([a-zA-Z?]) (\S{1,512})$/;

/** @throws Malformed */
export function readSymbolFile(bytes: Uint8Array): readonly ListedSymbol[] {
  if (isElf(bytes)) {
    const symbols = listedSymbols(readVmlinux(bytes));
    if (symbols.length === 0)
      throw new Malformed("a vmlinux with its symbol table", "one without symbols: it was stripped");
    return symbols;
  }
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1").split("\n");
  if (lines.length > MOST_SYMBOLS)
    throw new Malformed(`a System.map of at most ${MOST_SYMBOLS} lines`, `${lines.length}`);
  const symbols: ListedSymbol[] = [];
  for (const line of lines) {
    const [, address, letter, name] = LINE.exec(line) ?? [];
    if (address === undefined || !address.startsWith("ffff") || name!.startsWith("$")) continue;
    symbols.push({ name: name!, va: Number.parseInt(address.slice(4), 16), letter: letter! });
  }
  if (symbols.length === 0)
    throw new Malformed("a System.map or a vmlinux with symbols", "no line with an address, a letter and a name");
  return symbols.sort((a, b) => a.va - b.va);
}

/** Symbols of two sources that agree in this part of the names they share belong to one build. */
const SAME_BUILD = 0.99;

/**
 * Symbols of both.
 *
 * @throws Malformed if they are of different builds
 */
export function mergedSymbols(own: Symbols, given: readonly ListedSymbol[]): Symbols {
  const addressOf = new Map<string, number>();
  const repeated = new Set<string>();
  for (const { name, va } of given) {
    if (addressOf.has(name)) repeated.add(name);
    addressOf.set(name, va);
  }
  let [shared, equal] = [0, 0];
  const known = new Set<string>();
  for (const [i, name] of own.names.entries()) {
    const va = own.addresses[i]!;
    known.add(`${va} ${name}`);
    if (!addressOf.has(name) || repeated.has(name) || own.addressesOf(name).length > 1) continue;
    shared++;
    if (addressOf.get(name) === va) equal++;
  }
  if (shared === 0 || equal < SAME_BUILD * shared) {
    throw new Malformed("symbols of the same build as the image", `${equal} of ${shared} names at the same address`);
  }
  return withSymbols(
    own,
    given.filter(({ va, name }) => !known.has(`${va} ${name}`)),
  );
}

/** Those and more, of the same build. */
export const withSymbols = (own: Symbols, more: readonly ListedSymbol[]): Symbols =>
  symbolsOfList(
    own
      .list()
      .concat(more)
      .sort((a, b) => a.va - b.va),
  );

/** @param list ascending by address */
export const symbolsOfList = (list: readonly ListedSymbol[]): Symbols =>
  new Symbols(
    Float64Array.from(list, ({ va }) => va),
    Uint8Array.from(list, ({ letter }) => letter.charCodeAt(0)),
    list.map(({ name }) => name),
  );
