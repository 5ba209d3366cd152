// Where things are in an image: what is found by searching it, once. It is data, and small: kept between runs, it saves the
// search.

import type { Va } from "../../../machine/address.js";
import { Malformed } from "../../../spec/malformed.js";
import { findKallsyms, type KallsymsTables, readNames } from "./kallsyms.js";
import { findLinkBase, findOffsets, type KallsymsLayout, type LinkBase, offsetsAt } from "./link-base.js";
import { findRelocations, type RelocationRun, relocationsIn } from "./relocations.js";
import { Symbols } from "./symbols.js";
import type { ImageWords } from "./words.js";

export interface Location extends LinkBase {
  readonly tables: Omit<KallsymsTables, "tokenIndex"> & { readonly tokenIndex: readonly number[] };
  readonly layout: KallsymsLayout;
  /** Of the symbols' addresses. */
  readonly offsets: number;
  readonly relocations: readonly RelocationRun[];
}

/** @throws Malformed */
export function locate(image: ImageWords): Location {
  const tables = findKallsyms(image);
  const found = findOffsets(image, tables);
  const relocations = findRelocations(image);
  const offsetOfText = (): Va | undefined => {
    const text = readNames(image, tables).names.indexOf("_text");
    return text < 0 ? undefined : found.offsets[text];
  };
  const { base, symbolsFrom } = findLinkBase(image, found, relocationsIn(image, relocations), offsetOfText);
  return {
    tables: { ...tables, tokenIndex: [...tables.tokenIndex] },
    ...{ layout: found.layout, offsets: found.at, base, symbolsFrom, relocations },
  };
}

/** @throws Malformed if there are none */
export function symbolsAt(image: ImageWords, { tables, layout, offsets: at, symbolsFrom }: Location): Symbols {
  const offsets = offsetsAt(image, layout, at, tables.count);
  if (offsets === undefined) throw new Malformed("symbols where they were found before", "none");
  const { names, letters } = readNames(image, { ...tables, tokenIndex: Uint16Array.from(tables.tokenIndex) });
  return new Symbols(
    offsets.map((offset) => symbolsFrom + offset),
    letters,
    names,
  );
}
