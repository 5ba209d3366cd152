// Files that a run leaves behind: written under a temporary name and renamed, so that nobody ever reads half a file.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";

/** Write `content` as `file`, into a directory that exists. Returns the path as given. */
export function writeOutputFile(file: string, content: string | Uint8Array): Loaded<string> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
    return loaded(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    return refuse(unwritable(file, error));
  }
}

/** Make a directory and those above it. */
export function makeDirectory(directory: string): Loaded<string> {
  try {
    mkdirSync(directory, { recursive: true });
    return loaded(directory);
  } catch (error) {
    return refuse(unwritable(directory, error));
  }
}

const unwritable = (file: string, error: unknown): BadInput => ({
  subject: file,
  expected: "a place to write",
  got: error instanceof Error ? error.message : String(error),
  next: "choose another path",
});
