// Where the functions of an image lie, under the names that compilers leave of theirs.

import type { Va } from "../../machine/address.js";
import type { TypedImage } from "./kernel-image.js";
import { SUFFIXES } from "./native.js";

export interface FunctionRange {
  readonly start: Va;
  /** Where the next symbol of code begins. */
  readonly end: Va;
}

/** All pieces of the function; those behind which no symbol follows are left out. */
export function functionsOf({ symbols, functions }: TypedImage, name: string): readonly FunctionRange[] {
  return SUFFIXES.flatMap((suffix) => symbols.addressesOf(name + suffix)).flatMap((start) => {
    const end = functions.find((va) => va > start);
    return end === undefined ? [] : [{ start, end }];
  });
}
