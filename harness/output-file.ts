// Files that a run leaves behind: written under a temporary name and renamed, so that nobody ever reads half a file.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";

/** Write `content` as `file`, its directory made where missing. Returns the path as given. */
export function writeOutputFile(file: string, content: string | Uint8Array): Loaded<string> {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(temporary, content);
    renameSync(temporary, file);
    return loaded(file);
  } catch (error) {
    rmSync(temporary, { force: true });
    return refuse(unwritable(file, error));
  }
}

const unwritable = (file: string, error: unknown): BadInput => ({
  subject: file,
  expected: "a place to write",
  came: error instanceof Error ? error.message : String(error),
  next: "choose another path",
});
