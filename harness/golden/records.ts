// Recorded programs out of files, one at a time: `.jsonl.gz` and `.jsonl` are streamed line by line, `.json` holds a list
// under `vectors`. What is not JSON is reported with its line and does not hide the records after it.

import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import type { RecordKind } from "../../properties/recordings/recording.js";
import { type Loaded, loaded, Refusal, refuse } from "../bad-input.js";
import { readTextFile, refusedFile } from "../input-file.js";
import { tooDeep } from "../json.js";
import { limitOf, overLimit } from "../limits.js";

export interface RawRecord {
  /** `FILE:LINE`, or `FILE#NUMBER` within a list. Both count from 1. */
  readonly name: string;
  /** The last part of the name. */
  readonly line: number;
  readonly kind: RecordKind;
  /** Parsed. */
  readonly json: unknown;
}

export const RECORDING_EXTENSIONS = [".jsonl.gz", ".jsonl", ".json"] as const;

/** @param stop ends the reading of a long file, which then just ends */
export async function* readRecords(file: string, stop?: AbortSignal): AsyncGenerator<Loaded<RawRecord>> {
  const problem = refusedFile(file);
  if (problem !== undefined) yield refuse(problem);
  else if (file.endsWith(".json")) yield* readVectors(file);
  else yield* readLines(file, stop);
}

function* readVectors(file: string): Generator<Loaded<RawRecord>> {
  const text = readTextFile(file);
  if (!text.ok) {
    yield text;
    return;
  }
  const deep = tooDeep(file, text.value);
  if (deep !== undefined) {
    yield refuse(deep);
    return;
  }
  const json = parseJson(text.value);
  const list = (json as { readonly vectors?: unknown } | null | undefined)?.vectors;
  if (!Array.isArray(list)) {
    const got = json === undefined ? "no JSON" : "JSON without one";
    yield refuse({ subject: file, expected: 'an object with a list "vectors"', got, next: "check what was recorded" });
    return;
  }
  for (const [i, vector] of list.entries())
    yield loaded({ name: `${file}#${i + 1}`, line: i + 1, kind: "vector", json: vector });
}

async function* readLines(file: string, stop: AbortSignal | undefined): AsyncGenerator<Loaded<RawRecord>> {
  let number = 0;
  try {
    for await (const { line, text } of splitLines(file, openText(file), stop)) {
      number = line;
      const name = `${file}:${line}`;
      const deep = tooDeep(name, text);
      const json = deep === undefined ? parseJson(text) : undefined;
      if (json !== undefined) yield loaded({ name, line, kind: "generated", json });
      else if (deep !== undefined) yield refuse(deep);
      else {
        const got = `"${text.slice(0, 24)}${text.length > 24 ? ".." : ""}"`;
        yield refuse({ subject: name, expected: "one JSON object", got, next: "record or copy the file again" });
      }
    }
  } catch (error) {
    if (error instanceof Refusal) {
      yield refuse(error.error);
      return;
    }
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

interface Line {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

const NEWLINE = 0x0a;
const BLANK = new Set([NEWLINE, 0x0d, 0x20, 0x09]);

/** Lines that are not blank. Whatever comes, no more is kept than one line. @throws Refusal over a limit */
async function* splitLines(
  file: string,
  chunks: AsyncIterable<Buffer>,
  stop: AbortSignal | undefined,
): AsyncGenerator<Line> {
  // Pieces of a line whose end has not come yet; a line may be many chunks long.
  let rest: Buffer[] = [];
  let [restBytes, unpacked, line, records] = [0, 0, 1, 0];
  const textOf = (last: Buffer): string => {
    const text = Buffer.concat([...rest, last]).toString("utf8");
    rest = [];
    restBytes = 0;
    return line === 1 ? text.replace(/^\ufeff/, "") : text;
  };
  for await (const chunk of chunks) {
    if (stop?.aborted === true) return;
    unpacked += chunk.length;
    if (unpacked > limitOf("unpacked")) throw new Refusal(overLimit("unpacked", file, "more"));
    for (let at = 0; at < chunk.length; ) {
      if (restBytes === 0) {
        // Whole stretches of nothing are passed over byte by byte.
        while (at < chunk.length && BLANK.has(chunk[at]!)) if (chunk[at++] === NEWLINE) line++;
        if (at === chunk.length) break;
      }
      const end = chunk.indexOf(NEWLINE, at);
      const piece = chunk.subarray(at, end < 0 ? chunk.length : end);
      if (restBytes + piece.length > limitOf("line")) {
        throw new Refusal(overLimit("line", `${file}:${line}`, "a longer one"));
      }
      if (end < 0) {
        rest.push(piece);
        restBytes += piece.length;
        break;
      }
      if (++records > limitOf("records")) throw new Refusal(overLimit("records", `${file}:${line}`, "more"));
      yield { line, text: textOf(piece) };
      line++;
      at = end + 1;
    }
  }
  if (restBytes > 0) yield { line, text: textOf(Buffer.alloc(0)) };
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
