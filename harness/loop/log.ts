// An append-only log that may be cut off anywhere. Every line carries a checksum. A last line that is not whole was being
// written when the process ended, and is dropped; any other bad line is damage, and is refused by name. When the log has
// grown, what it says is written as one line into the next file, which appears under its name at once or not at all.

import {
  closeSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { crc32 } from "node:zlib";
import { type BadInput, type Loaded, loaded, Refusal, refuse } from "../bad-input.js";
import { readInputFile } from "../input-file.js";
import { tooDeep } from "../json.js";
import { writeOutputFile } from "../output-file.js";

const NAME = /^log-(\d{6})\.jsonl$/;
export const isLog = (name: string): boolean => NAME.test(name);
const nameOf = (generation: number): string => `log-${String(generation).padStart(6, "0")}.jsonl`;

/** A line without its end: checksum and JSON. */
export const logLine = (record: object): string => {
  const json = JSON.stringify(record);
  return `${(crc32(json) >>> 0).toString(16).padStart(8, "0")} ${json}`;
};

/** The record of a line; undefined if it is not whole. */
function readLine(line: string): unknown {
  const json = line.slice(9);
  if (line[8] !== " " || Number.parseInt(line.slice(0, 8), 16) !== crc32(json) >>> 0) return undefined;
  if (tooDeep("", json) !== undefined) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

export interface OpenedLog {
  readonly log: CampaignLog;
  /** All records of the newest file. Its first one says what earlier files said. */
  readonly records: readonly unknown[];
  /** Bytes of a last line that was not whole. */
  readonly dropped: number;
}

export class CampaignLog {
  private constructor(
    private readonly directory: string,
    private generation: number,
    private file: number,
    private size: number,
  ) {}

  /** The newest log of a directory, ready to go on; a new one where there is none. */
  static open(directory: string, first: object): Loaded<OpenedLog> {
    const newest = newestOf(directory);
    if (newest === undefined) return create(directory, first);
    const name = path.join(directory, nameOf(newest));
    const read = readRecords(name);
    if (!read.ok) return read;
    const { records, end, bytes } = read.value;
    if (end < bytes) truncateSync(name, end);
    for (const old of generationsOf(directory)) {
      if (old < newest) rmSync(path.join(directory, nameOf(old)), { force: true });
    }
    const log = new CampaignLog(directory, newest, openSync(name, "a"), end);
    return loaded({ log, records, dropped: bytes - end });
  }

  static started(directory: string, generation: number, bytes: number): CampaignLog {
    return new CampaignLog(directory, generation, openSync(path.join(directory, nameOf(generation)), "a"), bytes);
  }

  get bytes(): number {
    return this.size;
  }

  append(record: object): void {
    const line = Buffer.from(`${logLine(record)}\n`);
    try {
      for (let at = 0; at < line.length; ) at += writeSync(this.file, line, at);
    } catch (error) {
      // Half a line in the middle would be damage.
      ftruncateSync(this.file, this.size);
      throw error;
    }
    this.size += line.length;
  }

  /** Begin the next file with a record that says everything so far. @throws Refusal if it cannot be written */
  rotate(everything: object): void {
    const line = `${logLine(everything)}\n`;
    const written = writeOutputFile(path.join(this.directory, nameOf(this.generation + 1)), line);
    if (!written.ok) throw new Refusal(written.error);
    closeSync(this.file);
    rmSync(path.join(this.directory, nameOf(this.generation)), { force: true });
    this.generation++;
    this.file = openSync(written.value, "a");
    this.size = Buffer.byteLength(line);
  }

  /** Also against a power cut. */
  sync(): void {
    fdatasyncSync(this.file);
  }

  close(): void {
    this.sync();
    closeSync(this.file);
  }
}

const generationsOf = (directory: string): readonly number[] =>
  readdirSync(directory).flatMap((name) => (NAME.test(name) ? [Number(NAME.exec(name)?.[1])] : []));

const newestOf = (directory: string): number | undefined => generationsOf(directory).toSorted((a, b) => b - a)[0];

interface ReadRecords {
  readonly records: readonly unknown[];
  /** Bytes of whole lines, and of the file. */
  readonly end: number;
  readonly bytes: number;
}

function readRecords(name: string): Loaded<ReadRecords> {
  const read = readInputFile(name);
  if (!read.ok) return read;
  const bytes = Buffer.from(read.value.buffer, read.value.byteOffset, read.value.byteLength);
  const end = bytes.lastIndexOf(0x0a) + 1;
  const records: unknown[] = [];
  for (const [i, line] of bytes.toString("utf8", 0, end).split("\n").slice(0, -1).entries()) {
    const record = readLine(line);
    if (record === undefined) return damaged(name, i + 1);
    records.push(record);
  }
  return records.length === 0 ? damaged(name, 1) : loaded({ records, end, bytes: bytes.length });
}

/** The records of the newest file, which another process may be writing. */
export function readLog(directory: string): Loaded<readonly unknown[]> {
  const newest = newestOf(directory);
  if (newest === undefined) return loaded([]);
  const read = readRecords(path.join(directory, nameOf(newest)));
  return read.ok ? loaded(read.value.records) : read;
}

function create(directory: string, first: object): Loaded<OpenedLog> {
  const line = `${logLine(first)}\n`;
  const written = writeOutputFile(path.join(directory, nameOf(1)), line);
  if (!written.ok) return written;
  const log = CampaignLog.started(directory, 1, Buffer.byteLength(line));
  return loaded({ log, records: [first], dropped: 0 });
}

const damaged = (file: string, line: number): { readonly ok: false; readonly error: BadInput } =>
  refuse({
    subject: file,
    expected: "lines with their checksums",
    got: `a damaged line ${line}`,
    next: "restore the file, or start a new campaign and merge the corpus of this one",
  });
