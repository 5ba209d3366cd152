// Files that a run leaves behind: written under a temporary name and renamed, so that nobody ever reads half a file.

import { existsSync, lstatSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";

/**
 * Write `content` as `file`, into a directory that exists. A link of that name is replaced, not followed.
 *
 * @throws Error of the file system
 */
export function writeWhole(file: string, content: string | Uint8Array): void {
  const temporary = path.join(path.dirname(file), `.${path.basename(file)}.${process.pid}.tmp`);
  try {
    writeAnew(temporary, content);
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What a process of the same number left behind there, or somebody put there, goes. */
function writeAnew(file: string, content: string | Uint8Array): void {
  try {
    writeFileSync(file, content, { flag: "wx" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    rmSync(file);
    writeFileSync(file, content, { flag: "wx" });
  }
}

/** As `writeWhole`, for a file that the user named. Returns the path as given. */
export const writeOutputFile = (file: string, content: string | Uint8Array): Loaded<string> =>
  writing(file, () => writeWhole(file, content));

/** Make a directory and those above it. */
export const makeDirectory = (directory: string): Loaded<string> =>
  writing(directory, () => mkdirSync(directory, { recursive: true }));

/** Do what may fail at `file`, which is returned as given. */
export function writing(file: string, write: () => void): Loaded<string> {
  try {
    write();
    return loaded(file);
  } catch (error) {
    return refuse(unwritable(file, error));
  }
}

/** Write `content` as a file that is not there yet. @returns false if there is one of that name */
export function writeNew(file: string, content: string | Uint8Array): Loaded<boolean> {
  if (existsSync(file) || isLink(file)) return loaded(false);
  const written = writeOutputFile(file, content);
  return written.ok ? loaded(true) : written;
}

const isLink = (file: string): boolean => lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;

/** The disk, or what its owner may use of it. */
export function isFull(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "ENOSPC" || code === "EDQUOT";
}

/** Why nothing can be written there. @param kept what is safe nevertheless, and how to go on */
export function unwritable(file: string, error: unknown, kept?: string): BadInput {
  const full = isFull(error);
  return {
    subject: file,
    expected: full ? "room on its disk" : "a place to write",
    got: full ? "a full disk" : error instanceof Error ? error.message : String(error),
    next: full ? `free some room there${kept === undefined ? " and try again" : `; ${kept}`}` : "choose another path",
  };
}
