// Recorded programs out of files, one at a time: `.jsonl.gz` and `.jsonl` are streamed line by line, `.json` holds a list
// under `vectors`. What is not JSON is reported with its line and does not hide the records after it.

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { type BadInput, type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile, refusedFile } from "../input-file.js";

export interface RawRecord {
  /** `FILE:LINE`, or `FILE#NUMBER` within a list. Both count from 1. */
  readonly name: string;
  /** One line of JSON, or a document whose list of vectors holds this one alone. */
  readonly text: string;
  readonly form: "line" | "vectors";
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
  // One by one, so that a broken vector does not hide the others.
  for (const [i, vector] of list.entries()) {
    yield loaded({ name: `${file}#${i + 1}`, text: JSON.stringify({ vectors: [vector] }), form: "vectors" });
  }
}

async function* readLines(file: string): AsyncGenerator<Loaded<RawRecord>> {
  let number = 0;
  try {
    for await (const line of splitLines(openText(file))) {
      number++;
      if (line.trim() === "") continue;
      const name = `${file}:${number}`;
      yield parseJson(line) === undefined ? refuse(notJson(name, line)) : loaded({ name, text: line, form: "line" });
    }
  } catch (error) {
    const got = `${error instanceof Error ? error.message : String(error)} after line ${number}`;
    yield refuse({ subject: file, expected: "a whole recording", got, next: "record or copy the file again" });
  }
}

const notJson = (name: string, line: string): BadInput => ({
  subject: name,
  expected: "one JSON object",
  got: `"${line.slice(0, 24)}${line.length > 24 ? ".." : ""}"`,
  next: "record or copy the file again",
});

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
