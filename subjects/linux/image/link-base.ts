// Where the symbols of kallsyms are, and the address that the image was linked for, which nothing in a raw image says.

import type { Va } from "../../../machine/address.js";
import { Malformed } from "../../../spec/malformed.js";
import type { KallsymsTables } from "./kallsyms.js";
import type { Relocations } from "./relocations.js";
import { alignUp, type ImageWords, kernelAddress } from "./words.js";

export type KallsymsLayout = "offsets before names" | "offsets behind tokens" | "place-relative";

interface SymbolOffsets {
  readonly layout: KallsymsLayout;
  /** Where they are in the image. */
  readonly at: number;
  /** From the image's first byte if the layout is place-relative, else from the address in `kallsyms_relative_base`. */
  readonly offsets: Float64Array;
  /** Where `kallsyms_relative_base` is in the image. */
  readonly baseAt?: number;
}

/** @throws Malformed */
export function findOffsets(image: ImageWords, tables: KallsymsTables): SymbolOffsets {
  const { count, countAt, tokensEnd } = tables;
  const bytes = 4 * count;
  const behind = alignUp(tokensEnd, 8);
  const plain = plainOffsets(image, behind, count);
  if (plain !== undefined) {
    return { layout: "offsets behind tokens", at: behind, offsets: plain, baseAt: alignUp(behind + bytes, 8) };
  }
  const baseAt = countAt - 8;
  const first = baseAt - alignUp(bytes, 8);
  const before = plainOffsets(image, first, count);
  if (before !== undefined) return { layout: "offsets before names", at: first, offsets: before, baseAt };
  const own = alignUp(tokensEnd, 4);
  const place = placeOffsets(image, own, count);
  if (place !== undefined) return { layout: "place-relative", at: own, offsets: place };
  throw new Malformed(
    `the addresses of the ${count} symbols of kallsyms beside their names`,
    "none in ascending order: the image is damaged",
  );
}

/** Those that are known to be there. */
export const offsetsAt = (
  image: ImageWords,
  layout: KallsymsLayout,
  at: number,
  count: number,
): Float64Array | undefined =>
  layout === "place-relative" ? placeOffsets(image, at, count) : plainOffsets(image, at, count);

function plainOffsets({ view }: ImageWords, at: number, count: number): Float64Array | undefined {
  if (at < 0 || at + 4 * count + 8 > view.byteLength) return undefined;
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) offsets[i] = view.getUint32(at + 4 * i, true);
  return isAscending(offsets) && offsets[count - 1]! < 2 ** 31 ? offsets : undefined;
}

function placeOffsets({ view }: ImageWords, at: number, count: number): Float64Array | undefined {
  if (at + 4 * count > view.byteLength) return undefined;
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) offsets[i] = at + 4 * i + view.getInt32(at + 4 * i, true);
  const inImage = offsets[0]! >= 0 && offsets[count - 1]! < 2 ** 31;
  return isAscending(offsets) && inImage && offsets.some((to, i) => to !== at + 4 * i) ? offsets : undefined;
}

/** A table of one and the same number is none: memory that was never written looks like that. */
function isAscending(offsets: Float64Array): boolean {
  for (let i = 1; i < offsets.length; i++) if (offsets[i]! < offsets[i - 1]!) return false;
  return offsets.length === 1 || offsets[offsets.length - 1]! > offsets[0]!;
}

export interface LinkBase {
  /** Of the image's first byte. */
  readonly base: Va;
  /** What the offsets of the symbols are from. */
  readonly symbolsFrom: Va;
}

/** Kernels are linked at multiples of this. */
const BASE_ALIGNMENT = 0x10000;
/** MIN_KIMG_ALIGN */
const USUAL_ALIGNMENT = 0x20_0000;
const SAMPLES = 1024;

/** @throws Malformed */
export function findLinkBase(
  image: ImageWords,
  { layout, offsets, baseAt }: SymbolOffsets,
  relocations: Relocations,
  offsetOfText: () => number | undefined,
): LinkBase {
  if (layout === "place-relative" || baseAt === undefined) {
    const base = votedBase(image, offsets, relocations);
    if (base === undefined) throw undecided("pointers to its symbols");
    return { base, symbolsFrom: base };
  }
  const inPlace = addressAt(image, baseAt);
  const pairs = relocatedBases(relocations, baseAt).filter(
    ({ symbolsFrom }) => inPlace === 0 || symbolsFrom === inPlace,
  );
  const [best] = pairs.length === 1 ? pairs : bestOf(pairs, offsets, sampled(relocations.values));
  if (best !== undefined) return best;
  if (inPlace === 0) throw undecided("a relocation of kallsyms_relative_base");
  const text = offsetOfText();
  const base = text === undefined ? inPlace - (inPlace % USUAL_ALIGNMENT) : inPlace + text;
  return { base, symbolsFrom: inPlace };
}

const undecided = (missing: string): Malformed =>
  new Malformed("the address that the image was linked for", `none: no ${missing}; the image is damaged`);

function addressAt({ view }: ImageWords, at: number): Va {
  return at + 8 > view.byteLength ? 0 : kernelAddress(view.getUint32(at, true), view.getUint32(at + 4, true));
}

/** Relocations that could be the one of `kallsyms_relative_base`: a round base, and an address close behind it. */
function relocatedBases({ places, values }: Relocations, baseAt: number): readonly LinkBase[] {
  const found: LinkBase[] = [];
  for (let i = 0; i < places.length; i++) {
    const base = places[i]! - baseAt;
    const ahead = values[i]! - base;
    if (base > 0 && base % BASE_ALIGNMENT === 0 && ahead >= 0 && ahead <= USUAL_ALIGNMENT && ahead % 4 === 0) {
      found.push({ base, symbolsFrom: values[i]! });
    }
  }
  return found;
}

function bestOf(candidates: readonly LinkBase[], offsets: Float64Array, samples: readonly Va[]): readonly LinkBase[] {
  const starts = new Set(offsets);
  const hits = ({ symbolsFrom }: LinkBase): number => samples.filter((va) => starts.has(va - symbolsFrom)).length;
  return candidates
    .map((candidate) => ({ candidate, hits: hits(candidate) }))
    .sort((a, b) => b.hits - a.hits)
    .map(({ candidate }) => candidate);
}

/** The base for which most pointers of the image point to the start of a symbol. */
function votedBase(image: ImageWords, offsets: Float64Array, { values }: Relocations): Va | undefined {
  const samples = sampled(pointersOf(image, values));
  if (samples.length === 0) return undefined;
  const starts = new Set(offsets);
  const middle = [...samples].sort((a, b) => a - b)[samples.length >>> 1]!;
  for (const step of [USUAL_ALIGNMENT, BASE_ALIGNMENT]) {
    let best: { readonly base: Va; readonly hits: number } | undefined;
    const lowest = middle - image.bytes.length - offsets[offsets.length - 1]!;
    for (let base = middle - (middle % step); base > lowest; base -= step) {
      const hits = samples.filter((va) => starts.has(va - base)).length;
      if (best === undefined || hits > best.hits) best = { base, hits };
    }
    if (best !== undefined && best.hits * 5 > samples.length) return best.base;
  }
  return undefined;
}

/** Values of relocations, and pointers that stand in the image. */
function pointersOf({ words }: ImageWords, values: Float64Array): Float64Array {
  const found = Array.from(values);
  for (let i = 0; i + 1 < words.length; i += 2) {
    const va = kernelAddress(words[i]!, words[i + 1]!);
    if (va !== 0 && va % 4 === 0 && va % 2 ** 47 < 2 ** 47 - 2 ** 30) found.push(va);
  }
  return Float64Array.from(found);
}

function sampled(values: Float64Array): readonly Va[] {
  const step = Math.max(1, Math.floor(values.length / SAMPLES));
  const samples: Va[] = [];
  for (let i = 0; i < values.length; i += step) if (values[i] !== 0) samples.push(values[i]!);
  return samples;
}
