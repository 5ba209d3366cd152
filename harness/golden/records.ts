// Recorded programs out of files, one at a time: `.jsonl.gz` and `.jsonl` are streamed line by line, `.json` holds a list
// under `vectors`. What is not JSON is reported with its line and does not hide the records after it.

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import type { RecordKind } from "../../properties/recordings/recording.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile, refusedFile } from "../input-file.js";

export interface RawRecord {
  /** `FILE:LINE`, or `FILE#NUMBER` within a list. Both count from 1. */
  readonly name: string;
  readonly kind: RecordKind;
  /** Parsed. */
  readonly json: unknown;
}

/** One decompressed line must fit, with the images of a million instructions; the whole file need not. */
const MAX_LINE_CHARS = 256 * 1024 * 1024;

export const RECORDING_EXTENSIONS = [".jsonl.gz", ".jsonl", ".json"] as const;

export async function* readRecords(file: string): AsyncGenerator<Loaded<RawRecord>> {
  const problem = refusedFile(file);
  if (problem !== undefined) yield refuse(problem);
  else if (file.endsWith(".json")) yield* readVectors(file);
  else yield* readLines(file);
}

function* readVectors(file: string): Generator<Loaded<RawRecord>> {
  const text = readTextFile(file);
  if (!text.ok) {
    yield text;
    return;
  }
  const json = parseJson(text.value);
  const list = (json as { readonly vectors?: unknown } | null | undefined)?.vectors;
  if (!Array.isArray(list)) {
    const got = json === undefined ? "no JSON" : "JSON without one";
    yield refuse({ subject: file, expected: 'an object with a list "vectors"', got, next: "check what was recorded" });
    return;
  }
  for (const [i, vector] of list.entries()) yield loaded({ name: `${file}#${i + 1}`, kind: "vector", json: vector });
}

async function* readLines(file: string): AsyncGenerator<Loaded<RawRecord>> {
  let number = 0;
  try {
    for await (const line of splitLines(openText(file))) {
      number++;
      if (line.trim() === "") continue;
      const name = `${file}:${number}`;
      const json = parseJson(line);
      if (json !== undefined) yield loaded({ name, kind: "generated", json });
      else {
        const got = `"${line.slice(0, 24)}${line.length > 24 ? ".." : ""}"`;
        yield refuse({ subject: name, expected: "one JSON object", got, next: "record or copy the file again" });
      }
    }
  } catch (error) {
    const got = `${error instanceof Error ? error.message : String(error)} after line ${number}`;
    yield refuse({ subject: file, expected: "a whole recording", got, next: "record or copy the file again" });
  }
}

function openText(file: string): AsyncIterable<Buffer> {
  const source = createReadStream(file);
  if (!file.endsWith(".gz")) return source;
  const unpacked = createGunzip();
  source.on("error", (error) => unpacked.destroy(error));
  return source.pipe(unpacked);
}

async function* splitLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  // Leaves a byte order mark out.
  const decoder = new TextDecoder();
  // Pieces of a line whose end has not come yet; a line may be many chunks long.
  let rest: string[] = [];
  let restChars = 0;
  for await (const chunk of chunks) {
    const [first = "", ...others] = decoder.decode(chunk, { stream: true }).split("\n");
    rest.push(first);
    restChars += first.length;
    if (restChars > MAX_LINE_CHARS) throw new Error(`a line of more than ${MAX_LINE_CHARS} characters`);
    const last = others.pop();
    if (last === undefined) continue;
    yield rest.join("");
    yield* others;
    rest = [last];
    restChars = last.length;
  }
  rest.push(decoder.decode());
  const line = rest.join("");
  if (line !== "") yield line;
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
