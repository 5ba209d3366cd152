// What a kernel image is and what can be checked of it, as data: `rox linux`.

import { pointer } from "../../machine/address.js";
import { hex64 } from "../../spec/bits.js";
import { parsed } from "../../spec/malformed.js";
import { type Closure, closureOf } from "../../subjects/linux/closure.js";
import { advice, type Checkable, checksOf } from "../../subjects/linux/image/checkable.js";
import {
  type Allocator,
  allocatorOf,
  buildFeatures,
  type Feature,
  jitFeatures,
} from "../../subjects/linux/image/features.js";
import { type KernelImage, namesData } from "../../subjects/linux/image/image.js";
import type { ReadKernel } from "../../subjects/linux/image/read.js";
import { isAllRela, pointersIn, relrPlaces, relrTable } from "../../subjects/linux/image/relocations.js";
import { entryBytesOf } from "../../subjects/linux/tables.js";
import { type Loaded, loaded } from "../bad-input.js";
import { loadKernel, refusedKernel } from "./kernel-file.js";

export interface KernelReport {
  readonly command: "linux";
  readonly file: string;
  readonly format: string;
  readonly release: string;
  readonly banner: string;
  readonly pageBytes: number;
  /** `0x` and 16 digits. */
  readonly base: string;
  readonly imageBytes: number;
  /** RELA entries. */
  readonly relocations: number;
  /** Addresses in the image that no such entry makes. */
  readonly pointersInPlace: number;
  /** Null where all symbols were given. */
  readonly kallsyms: string | null;
  readonly symbols: number;
  /** Whether data have names, too. */
  readonly hasDataSymbols: boolean;
  /** Null without BTF. */
  readonly btfTypes: number | null;
  /** Rows of each; null where the image does not say where it is. */
  readonly tables: Readonly<Record<string, number | null>>;
  readonly allocator: Allocator;
  readonly build: readonly Feature[];
  readonly jit: readonly Feature[];
  readonly code: KernelCode;
  readonly checks: readonly Checkable[];
  readonly advice: readonly string[];
}

interface KernelCode {
  /** Functions that run as they are, and words of those. */
  readonly functions: number;
  readonly words: number;
  /** Functions that the simulated machine takes the place of. */
  readonly traps: number;
  /** Functions that are called and end a case. */
  readonly unlisted: Closure["unlisted"];
}

/** Names of where a table begins and ends, and bytes of an entry. */
const TABLES = {
  alternatives: ["__alt_instructions", "__alt_instructions_end", 12],
  exceptions: ["__start___ex_table", "__stop___ex_table", entryBytesOf],
  bugs: ["__start___bug_table", "__stop___bug_table", 12],
} as const;

export function describeKernel(file: string, symbolsFile?: string): Loaded<KernelReport> {
  const kernel = loadKernel(file, symbolsFile);
  return kernel.ok ? describeImage(file, kernel.value) : kernel;
}

/** Types are looked at when they are asked for, and may turn out to be damaged. @param file where it is from */
export function describeImage(file: string, kernel: ReadKernel): Loaded<KernelReport> {
  const report = parsed(() => kernelReport(file, kernel));
  return report.ok ? loaded(report.value) : refusedKernel(file, report.error);
}

function kernelReport(file: string, { format, image }: ReadKernel): KernelReport {
  const checks = checksOf(image);
  return {
    ...{ command: "linux", file, format, release: image.release, banner: image.banner, pageBytes: image.pageBytes },
    base: hex64(pointer(image.base)),
    imageBytes: image.imageBytes,
    relocations: image.relocations.count,
    pointersInPlace: pointersInPlace(image),
    kallsyms: image.layout ?? null,
    symbols: image.symbols.count,
    hasDataSymbols: namesData(image),
    btfTypes: image.types?.btf.count ?? null,
    tables: Object.fromEntries(
      Object.entries(TABLES).map(([name, [from, to, bytes]]) => {
        const [start, end] = [image.address(from), image.address(to)];
        return [
          name,
          start === undefined || end === undefined
            ? null
            : Math.max(0, Math.floor((end - start) / (typeof bytes === "number" ? bytes : bytes(image)))),
        ];
      }),
    ),
    allocator: allocatorOf(image),
    build: buildFeatures(image),
    jit: jitFeatures(image),
    code: codeOf(image),
    checks,
    advice: advice(image, checks),
  };
}

/** By its RELR table; of an image that does not say where that is, whatever looks like one. */
function pointersInPlace(image: KernelImage): number {
  const table = relrTable(image);
  if (table === undefined) return isAllRela(image) ? 0 : pointersIn(image);
  return relrPlaces(image.bytes, image.base, table).length;
}

function codeOf(image: KernelImage): KernelCode {
  const { native, words, trapped, unlisted } = closureOf(image, image.bytes);
  return { functions: native.size, words, traps: trapped.size, unlisted };
}
