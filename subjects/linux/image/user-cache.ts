// Where things are in images that were read before, in the user's cache folder (XDG_CACHE_HOME, else ~/.cache), a small file
// for each, named after the image's bytes. Everything there may be deleted at any time. A file that is damaged, or cannot be
// read or written, is as good as none; it is written aside and renamed, so that nobody reads half of one.

import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import type { KnownLocations } from "./image.js";
import type { Location } from "./location.js";

/** Of what the files say, and of how it is found: whoever changes `location.ts` counts on. */
const VERSION = 1;
const MOST_FILE_BYTES = 1 << 20;

const hash = (bytes: Uint8Array | string): string => createHash("sha256").update(bytes).digest("hex");

function cacheFolder(): string {
  const given = process.env.XDG_CACHE_HOME;
  const root = given !== undefined && path.isAbsolute(given) ? given : path.join(homedir(), ".cache");
  return path.join(root, "roxcheck", `images-${VERSION}`);
}

/** @param folder where the files are */
export const userCache = (folder = cacheFolder()): KnownLocations => ({
  get: (source) => read(path.join(folder, hash(source))),
  put: (source, location) => write(folder, path.join(folder, hash(source)), location),
});

/** A line that says what the rest must hash to, and the rest. */
function read(file: string): Location | undefined {
  try {
    if (statSync(file).size > MOST_FILE_BYTES) return undefined;
    const text = readFileSync(file, "utf8");
    const end = text.indexOf("\n");
    const body = text.slice(end + 1);
    return text.slice(0, Math.max(0, end)) === hash(body) ? (JSON.parse(body) as Location) : undefined;
  } catch {
    return undefined;
  }
}

function write(folder: string, file: string, location: Location): void {
  try {
    const body = JSON.stringify(location);
    if (body.length >= MOST_FILE_BYTES / 2) return;
    mkdirSync(folder, { recursive: true });
    const aside = `${file}.${process.pid}.${Math.floor(Math.random() * 2 ** 32)}`;
    writeFileSync(aside, `${hash(body)}\n${body}`);
    renameSync(aside, file);
  } catch {
    // No room, or no folder of one's own: the next run searches again.
  }
}
