// Files that the user names: read with a size limit, found by extension below directories, never a reason to crash.

import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, refuse } from "./bad-input.js";

/** Bytes. No program, image or recording that this project reads is anywhere near. */
export const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The whole file. Directories, missing files and files over `MAX_FILE_BYTES` are refused. */
export function readInputFile(file: string): Loaded<Uint8Array> {
  const problem = refusedFile(file);
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
export function refusedFile(file: string): BadInput | undefined {
  try {
    const stat = statSync(file);
    if (!stat.isFile()) {
      const got = stat.isDirectory() ? "a directory" : "something else";
      return { subject: file, expected: "a file", got, next: "name a file" };
    }
    if (stat.size <= MAX_FILE_BYTES) return undefined;
    const limit = `at most ${MAX_FILE_BYTES} bytes`;
    return { subject: file, expected: limit, got: `${stat.size} bytes`, next: "split the file or name a smaller one" };
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

interface FoundFiles {
  /** In the order given; below a directory in name order. */
  readonly files: readonly string[];
  readonly refused: readonly BadInput[];
}

/** A file named outright is taken whatever its extension; directories are searched for `extensions`, hidden ones left out. */
export function findFiles(paths: readonly string[], extensions: readonly string[]): FoundFiles {
  const files: string[] = [];
  const refused: BadInput[] = [];
  // A link may lead back to a directory above it.
  const entered = new Set<string>();
  const visit = (name: string, named: boolean): void => {
    try {
      const stat = statSync(name);
      if (stat.isDirectory()) {
        const place = realpathSync(name);
        if (entered.has(place)) return;
        entered.add(place);
        for (const entry of readdirSync(name).sort()) if (!entry.startsWith(".")) visit(path.join(name, entry), false);
      } else if (named || extensions.some((extension) => name.endsWith(extension))) {
        files.push(name);
      }
    } catch (error) {
      refused.push(unreadable(name, error));
    }
  };
  for (const name of paths) visit(name, true);
  return { files: [...new Set(files)], refused };
}
