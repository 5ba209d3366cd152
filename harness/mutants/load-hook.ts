// A module-loading hook that serves a mutant's file in place of the original. Runs on the loader's own thread.

import { readFile } from "node:fs/promises";

interface Loading {
  readonly format: string;
  readonly source: string;
  readonly shortCircuit: true;
}
type NextLoad = (url: string, context: unknown) => Promise<Loading>;

let replacements: Readonly<Record<string, string>> = {};

export function initialize(data: Readonly<Record<string, string>>): void {
  replacements = data;
}

export async function load(url: string, context: unknown, next: NextLoad): Promise<Loading> {
  const file = replacements[url];
  if (file === undefined) return next(url, context);
  return { format: "module", source: await readFile(file, "utf8"), shortCircuit: true };
}
