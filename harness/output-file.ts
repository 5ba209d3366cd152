// Files that a run leaves behind: written under a temporary name and renamed, so that nobody ever reads half a file.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded, refuse } from "./bad-input.js";

/** Write `content` as `file`, into a directory that exists. @throws Error of the file system */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** As `writeWhole`, for a file that the user named. Returns the path as given. */
export const writeOutputFile = (file: string, content: string | Uint8Array): Loaded<string> =>
  attempt(file, () => writeWhole(file, content));

/** Make a directory and those above it. */
export const makeDirectory = (directory: string): Loaded<string> =>
  attempt(directory, () => mkdirSync(directory, { recursive: true }));

/** Do what may fail at `file`, which is returned as given. */
export function attempt(file: string, write: () => void): Loaded<string> {
  try {
    write();
    return loaded(file);
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return refuse({ subject: file, expected: "a place to write", got, next: "choose another path" });
  }
}
