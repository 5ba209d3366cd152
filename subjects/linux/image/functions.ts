// Where the functions of an image lie, under the names that compilers leave of theirs.

import type { Va } from "../../../machine/address.js";
import { countWhile } from "../../../spec/halving.js";
import type { KernelImage } from "./image.js";
import type { Symbols } from "./symbols.js";

export interface FunctionRange {
  readonly start: Va;
  /** Where the next symbol of code begins. */
  readonly end: Va;
}

/** What compilers add to the names of functions that they split, change or make global. */
const ADDED = /\.(constprop|isra|part|cold|llvm)\b.*$/;

/** The name that a function has in its source. */
export const sourceName = (name: string): string => (name.includes(".") ? name.replace(ADDED, "") : name);

const added = new WeakMap<Symbols, ReadonlyMap<string, readonly string[]>>();

/** Names with something added, by those without: rare pieces last. */
function addedNames(symbols: Symbols): ReadonlyMap<string, readonly string[]> {
  const known = added.get(symbols);
  if (known !== undefined) return known;
  const found = new Map<string, string[]>();
  for (const name of new Set(symbols.names.filter((one) => one.includes(".")))) {
    const source = sourceName(name);
    if (source === name) continue;
    const names = found.get(source);
    if (names === undefined) found.set(source, [name]);
    else names.push(name);
  }
  const isCold = (name: string): number => (name.includes(".cold") ? 1 : 0);
  for (const names of found.values()) names.sort((a, b) => isCold(a) - isCold(b) || a.length - b.length);
  added.set(symbols, found);
  return found;
}

/** First addresses of all pieces of the functions of that name. */
export function startsOf(symbols: Symbols, name: string): readonly Va[] {
  return [name, ...(addedNames(symbols).get(name) ?? [])].flatMap((one) => symbols.addressesOf(one));
}

/** All pieces of the function; those behind which no symbol follows are left out. */
export function functionsOf({ symbols, functions }: KernelImage, name: string): readonly FunctionRange[] {
  return startsOf(symbols, name).flatMap((start) => {
    const end = functions[after(functions, start)];
    return end === undefined ? [] : [{ start, end }];
  });
}

/** The function that an address is in, by where it begins and where the next does; undefined outside. */
export function functionAround({ functions }: KernelImage, va: Va): FunctionRange | undefined {
  const next = after(functions, va);
  const [start, end] = [functions[next - 1], functions[next]];
  return start === undefined || end === undefined ? undefined : { start, end };
}

/** Where a branch of its own address goes, with link or without, conditional or not; undefined for other instructions. */
export function branchTarget(word: number, va: Va): Va | undefined {
  if ((word & 0x7c00_0000) === 0x1400_0000) return va + ((word << 6) >> 6) * 4;
  const isConditional = (word & 0xff00_0000) >>> 0 === 0x5400_0000 || (word & 0x7e00_0000) === 0x3400_0000;
  if (isConditional) return va + ((word << 8) >> 13) * 4;
  return (word & 0x7e00_0000) === 0x3600_0000 ? va + ((word << 13) >> 18) * 4 : undefined;
}

/** Index of the first function that begins behind that address. */
const after = (functions: Float64Array, va: Va): number => countWhile(functions.length, (i) => functions[i]! <= va);
