// Seeds of a campaign: for each coverage point that it reached, the case that was the first to do so. Without them it would
// know what can be reached and not how. `rox corpus minimize` makes a small corpus of them.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { found, titled } from "../../properties/cases/header.js";
import { extensionsOf, KINDS } from "../../properties/cases/index.js";
import { EXEC_MATCH } from "../../properties/verdict.js";
import { contentId } from "../corpus/entry.js";
import { isPlainName } from "../input-file.js";
import { writeWhole } from "../output-file.js";
import { version } from "../project.js";
import type { CaseChecker } from "./case-checker.js";

export const seedsDirectory = (campaign: string): string => path.join(campaign, "seeds");

export interface SeedFile {
  readonly name: string;
  /** Without a title: which points it is the first to reach is found out later. */
  readonly text: string;
}

export function seedFile(
  { kind }: CaseChecker,
  c: unknown,
  { seed, index }: { readonly seed: number; readonly index: number },
): SeedFile {
  const extension = kind.extensionOf?.(c) ?? kind.extension;
  const head = { oracle: EXEC_MATCH, notes: [found(`fuzz seed=${seed} index=${index} version=${version()}`)] };
  const text = kind.print(c, { ...head, id: contentId(kind, c, head) });
  return { name: `${kind.name}-${index}${extension}`, text };
}

/** @param points that it is the first to reach, at least one */
export function keepSeed(campaign: string, { name, text }: SeedFile, points: readonly string[]): void {
  const more = points.length === 1 ? "" : ` and ${points.length - 1} more`;
  writeWhole(path.join(seedsDirectory(campaign), name), titled(`the first to reach ${points[0]}${more}`, text));
}

/** Names of files, in order. Empty for a campaign of before. */
export function seedNames(campaign: string): readonly string[] {
  const directory = seedsDirectory(campaign);
  const extensions = KINDS.flatMap(extensionsOf);
  const names = existsSync(directory) ? readdirSync(directory) : [];
  return names.filter((name) => isPlainName(name) && extensions.some((extension) => name.endsWith(extension))).sort();
}
