// Kernels that the user names: read with a limit, and refused in one line.

import type { Wrong } from "../../spec/malformed.js";
import { type ReadKernel, readKernelImage } from "../../subjects/linux/image/read.js";
import { userCache } from "../../subjects/linux/image/user-cache.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readInputFile } from "../input-file.js";

/** @param symbolsFile the `System.map` or `vmlinux` of the same build */
export function loadKernel(file: string, symbolsFile?: string): Loaded<ReadKernel> {
  const bytes = readInputFile(file, "kernel");
  if (!bytes.ok) return bytes;
  const symbols = symbolsFile === undefined ? undefined : readInputFile(symbolsFile, "kernel");
  if (symbols?.ok === false) return symbols;
  const read = readKernelImage(bytes.value, {
    known: userCache(),
    ...(symbols === undefined ? {} : { symbols: symbols.value }),
  });
  if (read.ok) return loaded(read.value);
  return refusedKernel(file, read.error);
}

export const refusedKernel = (file: string, wrong: Wrong): ReturnType<typeof refuse> =>
  refuse({ subject: file, ...wrong, next: "name a kernel as it was built or installed" });
