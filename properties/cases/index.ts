// All kinds of cases. Adding one is a folder and a line here.

import { HISTORIES } from "./history/index.js";
import type { AnyKind } from "./kind.js";
import { PROGRAMS } from "./program/index.js";
import { INSTRUCTIONS } from "./single-instruction/index.js";
import { TRAMPOLINES } from "./trampoline/index.js";
import { VERIFIER_ONLY } from "./verifier-only/index.js";

export const KINDS: readonly AnyKind[] = [PROGRAMS, HISTORIES, VERIFIER_ONLY, TRAMPOLINES, INSTRUCTIONS];

/** By its name or an old one; undefined if there is none. */
export const kindByName = (name: string, kinds: readonly AnyKind[] = KINDS): AnyKind | undefined =>
  kinds.find((kind) => kind.name === name || kind.oldNames?.includes(name));

/** By the extension of a case file; undefined if it has none of ours. */
export const kindOfFile = (file: string, kinds: readonly AnyKind[] = KINDS): AnyKind | undefined =>
  kinds.find((kind) => extensionsOf(kind).some((extension) => file.endsWith(extension)));

/** All extensions that files of cases may have. */
export const extensionsOf = ({ extension, oldExtensions = [] }: AnyKind): readonly string[] => [
  extension,
  ...oldExtensions,
];
