// Where the project's own files are, from the sources as well as from dist/.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

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

export const corpusDirectory = (): string => path.join(projectRoot(), "corpus");

export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(path.join(projectRoot(), "package.json"), "utf8"));
  const found = (manifest as { readonly version?: unknown }).version;
  return typeof found === "string" ? found : "unknown";
}
