// A kernel image as running it needs it: bytes at their link addresses with relocations applied, symbols, types.

import type { Va } from "../../../machine/address.js";
import { Malformed, type Parsed, parsed } from "../../../spec/malformed.js";
import { type ImageHeader, readHeader } from "./header.js";
import type { KallsymsLayout } from "./link-base.js";
import { type Location, locate, symbolsAt } from "./location.js";
import { minedSymbols } from "./mined.js";
import { applyRelocations, findRelocations, relocationsIn } from "./relocations.js";
import { mergedSymbols, symbolsOfList, withSymbols } from "./symbol-file.js";
import type { ListedSymbol, SymbolAt, Symbols } from "./symbols.js";
import { type KernelTypes, typesIn } from "./types.js";
import { type ImageWords, imageWords } from "./words.js";

export interface KernelImage extends ImageHeader {
  /** As the kernel prints it: `6.12.117+deb12-arm64`. */
  readonly release: string;
  /** The whole line, with compiler and date. */
  readonly banner: string;
  /** Low 48 bits of the address of the first byte. */
  readonly base: Va;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Of the image's own symbols; undefined if it has none. */
  readonly layout: KallsymsLayout | undefined;
  /** RELA entries, and how many of them lie outside the bytes. */
  readonly relocations: { readonly count: number; readonly outside: number };
  readonly symbols: Symbols;
  /** Undefined if the image has no BTF. */
  readonly types: KernelTypes | undefined;
  /** Undefined if there is no such symbol. */
  address(name: string): Va | undefined;
  /** The symbol that an address belongs to; undefined outside the image. */
  symbolAt(va: Va): SymbolAt | undefined;
  /** First address of every function. */
  readonly functions: Float64Array;
}

/** What is known of images that were read before, by their bytes. */
export interface KnownLocations {
  get(source: Uint8Array): Location | undefined;
  put(source: Uint8Array, location: Location): void;
}

interface ImageOptions {
  readonly known?: KnownLocations;
  /** Where it was linked, where that is known. */
  readonly base?: Va;
  /** Symbols from elsewhere, ascending by address: of the same build, which is checked. */
  readonly symbols?: readonly ListedSymbol[];
}

/**
 * Reads a raw `Image`.
 *
 * @throws Malformed
 */
export function readImage(source: Uint8Array, options: ImageOptions = {}): KernelImage {
  const header = readHeader(source);
  const image = imageWords(source);
  const banner = bannerIn(image);
  const known = options.known?.get(source);
  const found: Parsed<Location> = known === undefined ? parsed(() => locate(image)) : { ok: true, value: known };
  if (known === undefined && found.ok) options.known?.put(source, found.value);
  const { base, layout, symbols: own } = symbolsOf(image, found, options);
  const relocations = relocationsIn(image, found.ok ? found.value.relocations : findRelocations(image));
  const outside = applyRelocations(image, relocations, base);
  const btf = own.address("__start_BTF");
  const types = typesIn(image, btf === undefined ? undefined : btf - base);
  const end = base + header.imageBytes;
  const symbols = namesData(own)
    ? own
    : withSymbols(own, minedSymbols({ base, bytes: image.bytes, symbols: own, functions: own.functions(), types }));
  return {
    ...{ ...header, ...banner, base, bytes: image.bytes, layout, symbols, types },
    relocations: { count: relocations.entries.length, outside },
    address: (name) => symbols.address(name),
    symbolAt: (va) => (va < base || va >= end ? undefined : symbols.at(va)),
    functions: symbols.functions(),
  };
}

/** Whether the kernel names its data as well as its functions (built with KALLSYMS_ALL), or somebody does. */
export const namesData = (symbols: Pick<Symbols, "address">): boolean => symbols.address("init_task") !== undefined;

/** Of the image itself, with those that were given. */
function symbolsOf(
  image: ImageWords,
  location: Parsed<Location>,
  { base: known, symbols: given }: ImageOptions,
): Pick<KernelImage, "base" | "layout" | "symbols"> {
  if (!location.ok) {
    const base = known ?? given?.find(({ name }) => name === "_text")?.va;
    if (given !== undefined && base !== undefined) return { base, layout: undefined, symbols: symbolsOfList(given) };
    throw new Malformed(location.error.expected, location.error.got);
  }
  const { base, layout } = location.value;
  if (known !== undefined && known !== base) {
    throw new Malformed(
      `symbols from 0x${known.toString(16)} on, where the file's segments begin`,
      `from 0x${base.toString(16)}`,
    );
  }
  const own = symbolsAt(image, location.value);
  return { base, layout, symbols: given === undefined ? own : mergedSymbols(own, given) };
}

const BANNER = "Linux version ";
const MOST_BANNER_BYTES = 1024;

/** What the kernel prints first. */
function bannerIn({ bytes }: ImageWords): Pick<KernelImage, "release" | "banner"> {
  const buffer = Buffer.from(bytes.buffer);
  for (let at = buffer.indexOf(BANNER); at >= 0; at = buffer.indexOf(BANNER, at + 1)) {
    const banner = buffer.toString("latin1", at, at + MOST_BANNER_BYTES).split(/[\n\0]/, 1)[0]!;
    const release = /^Linux version (\d+\.\d+\S*) /.exec(banner)?.[1];
    if (release !== undefined) return { release, banner };
  }
  throw new Malformed("the banner of a kernel, Linux version ..., in the image", "none: it is damaged");
}
