// A kernel as somebody has it, in whatever file: the one way from bytes to an image that can run.

import { type Parsed, parsed } from "../../../spec/malformed.js";
import { type KernelImage, type KnownLocations, readImage } from "./image.js";
import { readSymbolFile } from "./symbol-file.js";
import { type ImageFormat, unwrap } from "./unwrap.js";
import { flattened, listedSymbols, readVmlinux } from "./vmlinux.js";

interface ReadOptions {
  /** The whole `System.map` or `vmlinux` of the same build. */
  readonly symbols?: Uint8Array;
  readonly known?: KnownLocations;
}

export interface ReadKernel {
  readonly format: ImageFormat;
  readonly image: KernelImage;
}

/** Whatever is wrong with the bytes is the answer, in one sentence. */
export const readKernelImage = (file: Uint8Array, options: ReadOptions = {}): Parsed<ReadKernel> =>
  parsed(() => {
    const { format, bytes } = unwrap(file);
    const given = options.symbols === undefined ? undefined : readSymbolFile(options.symbols);
    const known = options.known === undefined ? {} : { known: options.known };
    if (format !== "vmlinux") {
      return { format, image: readImage(bytes, given === undefined ? known : { ...known, symbols: given }) };
    }
    const elf = readVmlinux(bytes);
    const { bytes: flat, base } = flattened(elf);
    const symbols = given ?? listedSymbols(elf);
    return { format, image: readImage(flat, symbols.length === 0 ? { ...known, base } : { ...known, base, symbols }) };
  });
