// Files that the user names: read with a size limit, found by extension below directories, never a reason to crash.

import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";
import { limitOf, overLimit } from "./limits.js";

/** The whole file. Directories, missing files and files over the limit are refused. */
export function readInputFile(file: string, limit: "file" | "kernel" = "file"): Loaded<Uint8Array> {
  const problem = refusedFile(file, limit);
  if (problem !== undefined) return refuse(problem);
  try {
    // A Buffer's slice is no copy: hand out plain bytes.
    return loaded(new Uint8Array(readFileSync(file)));
  } catch (error) {
    return refuse(unreadable(file, error));
  }
}

const TEXT = new TextDecoder("utf-8", { fatal: true });

/** The whole file as text. Bytes that are not UTF-8, or a NUL, are refused: that is no source text. */
export function readTextFile(file: string): Loaded<string> {
  const bytes = readInputFile(file);
  return bytes.ok ? decodeText(file, bytes.value) : bytes;
}

function decodeText(file: string, bytes: Uint8Array): Loaded<string> {
  try {
    const text = TEXT.decode(bytes);
    if (!text.includes("\0")) return loaded(text);
  } catch {
    // The refusal below says it.
  }
  return refuse({
    subject: file,
    expected: "UTF-8 text",
    got: `${bytes.length} bytes that are not text`,
    next: "name raw instructions FILE.bin, or give a text file",
  });
}

/** Why the file cannot be read whole, judged before reading it; undefined if it can. */
export function refusedFile(file: string, limit: "file" | "kernel" = "file"): BadInput | undefined {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) {
      const got = stat.isDirectory() ? "a directory" : "something else";
      return { subject: file, expected: "a file", got, next: "name a file" };
    }
    return stat.size <= limitOf(limit) ? undefined : overLimit(limit, file, `${stat.size} bytes`);
  } catch (error) {
    return unreadable(file, error);
  }
}

function unreadable(file: string, error: unknown): BadInput {
  const code = (error as NodeJS.ErrnoException).code;
  const got =
    code === "ENOENT"
      ? "no such file"
      : code === "EACCES"
        ? "permission denied"
        : error instanceof Error
          ? error.message
          : String(error);
  return { subject: file, expected: "a readable file", got, next: "check the path" };
}

export const isFolder = (file: string): boolean => statSync(file, { throwIfNoEntry: false })?.isDirectory() ?? false;

interface FoundFiles {
  /** In the order given; below a directory in name order. */
  readonly files: readonly string[];
  readonly refused: readonly BadInput[];
}

/**
 * A file named outright is taken whatever its extension, and may be a link. Directories are searched for `extensions`, hidden
 * ones left out; links in them are refused, since they lead to places that nobody named.
 */
export function findFiles(paths: readonly string[], extensions: readonly string[]): FoundFiles {
  const files: string[] = [];
  const refused: BadInput[] = [];
  const isWanted = (name: string): boolean => extensions.some((extension) => name.endsWith(extension));
  const search = (directory: string): void => {
    for (const entry of readdirSync(directory, { withFileTypes: true }).sort(byName)) {
      const name = path.join(directory, entry.name);
      if (entry.name.startsWith(".") || files.length >= limitOf("files")) continue;
      if (entry.isDirectory()) refusing(name, () => search(name));
      else if (entry.isSymbolicLink()) refused.push(linkIn(directory, entry.name));
      else if (isWanted(name)) files.push(name);
    }
  };
  const refusing = (name: string, action: () => void): void => {
    try {
      action();
    } catch (error) {
      refused.push(unreadable(name, error));
    }
  };
  for (const name of paths) {
    refusing(name, () => {
      if (statSync(name).isDirectory()) search(name);
      else files.push(name);
    });
  }
  if (files.length >= limitOf("files")) refused.push(overLimit("files", paths.join(" "), "more"));
  return { files: [...new Set(files)], refused };
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

const linkIn = (directory: string, name: string): BadInput => ({
  ...{ subject: path.join(directory, name), expected: "a file or a folder", got: "a link" },
  next: "remove it, or name what it leads to",
});

/** Whether a name that a file gives can name a file of a certain folder and nothing else. */
export const isPlainName = (name: string): boolean => /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/.test(name);

/**
 * What keeps a folder that somebody handed over from being read or written: a link in it, or anything else that is neither a
 * file nor a folder. Undefined if there is nothing. The folder itself may be named by a link.
 */
export function strangeIn(directory: string): BadInput | undefined {
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) return linkIn(directory, entry.name);
      const name = path.join(directory, entry.name);
      if (entry.isDirectory()) {
        const found = strangeIn(name);
        if (found !== undefined) return found;
      } else if (!entry.isFile()) {
        return { subject: name, expected: "a file or a folder", got: "something else", next: "remove it" };
      }
    }
    return undefined;
  } catch (error) {
    return unreadable(directory, error);
  }
}
