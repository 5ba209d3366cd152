// Where the project's own files are, from the sources as well as from dist/.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { type Loaded, loaded, refuse } from "./bad-input.js";

/** The directory of package.json. @throws Error if there is none above this file: a broken installation. */
export function projectRoot(): string {
  let directory = path.dirname(fileURLToPath(import.meta.url));
  while (!existsSync(path.join(directory, "package.json"))) {
    const parent = path.dirname(directory);
    if (parent === directory) throw new Error("no package.json above the program: reinstall roxcheck");
    directory = parent;
  }
  return directory;
}

/** Whether the sources are here: an installed package has only what was compiled from them. */
const isCheckout = (): boolean => existsSync(path.join(projectRoot(), "tsconfig.json"));

/** What needs the sources is refused where they are not. */
export function checkout(what: string): Loaded<string> {
  if (isCheckout()) return loaded(projectRoot());
  const next = "clone the repository, and run npm ci and npx rox there";
  return refuse({ subject: what, expected: "a checkout with its sources", got: "an installed package", next });
}

/** The corpus that comes with the project. */
export const corpusDirectory = (): string => path.join(projectRoot(), "corpus");

/** Where new entries go: an installed package's files are not the user's to change. */
export const ownCorpusDirectory = (): string => (isCheckout() ? corpusDirectory() : "corpus");

let known: string | undefined;

export function version(): string {
  known ??= readVersion();
  return known;
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(projectRoot(), "package.json"), "utf8"));
  const found = (manifest as { readonly version?: unknown }).version;
  return typeof found === "string" ? found : "unknown";
}
