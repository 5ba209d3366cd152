// Recordings of a real kernel against our witnesses: every image byte for byte, and for programs whose result does not
// depend on time or chance, the interpreter, the JIT and the kernel against each other.

import { type BadInput, type Loaded, refuse } from "../bad-input.js";
import { coverage } from "../gate/coverage.js";
import { findFiles } from "../input-file.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { type RawRecord, RECORDING_EXTENSIONS, readRecords } from "./records.js";

/** What comparing one recording came to. */
export interface GoldenCase {
  readonly name: string;
  readonly family: string;
  readonly cpu: string;
  /** Images recorded, and how many of them we emit byte for byte. */
  readonly images: number;
  readonly bytesEqual: number;
  /** Row ids of the recorded programs, for each image that is equal. */
  readonly rows: readonly string[];
  /** Three ways: interpreter, JIT on an engine, kernel. Undefined where the result is not comparable by nature. */
  readonly result: "equal" | "differs" | "incomparable" | undefined;
  readonly failures: readonly Failure[];
}

export interface GoldenOptions {
  readonly families: ReadonlySet<string> | undefined;
  readonly cpu: string | undefined;
  readonly limit: number;
  readonly stop: AbortSignal;
  readonly progress?: (done: number) => void;
}

export interface GoldenParts {
  /** The family and CPU of a record, before anything is compared. */
  describe(record: RawRecord): Loaded<{ readonly family: string; readonly cpu: string }>;
  compare(record: RawRecord): Loaded<GoldenCase>;
}

export interface FamilyCounts {
  programs: number;
  images: number;
  bytesEqual: number;
  results: number;
  resultsEqual: number;
}

export interface GoldenReport extends Report {
  readonly images: number;
  readonly bytesEqual: number;
  /** Programs whose results were compared three ways, and how many were equal. */
  readonly results: number;
  readonly resultsEqual: number;
  readonly families: Readonly<Record<string, FamilyCounts>>;
  /** Programs left out by `--family` or `--cpu`. */
  readonly filtered: number;
  readonly coverage: {
    readonly reached: number;
    readonly all: number;
    readonly missing: readonly string[];
    /** Byte-equal programs by row id. */
    readonly witnesses: Readonly<Record<string, number>>;
  };
}

/** Failures beyond this many are counted only: one broken encoder fails every program. */
const MAX_FAILURES = 1000;

export async function golden(
  paths: readonly string[],
  options: GoldenOptions,
  parts: GoldenParts,
): Promise<GoldenReport> {
  const started = Date.now();
  const found = findFiles(paths, RECORDING_EXTENSIONS);
  const unreadable: BadInput[] = [...found.refused];
  const failures: Failure[] = [];
  const families: Record<string, FamilyCounts> = {};
  const rows = new Map<string, number>();
  const sum = { passed: 0, failed: 0, incomparable: 0 };
  const seen = { filtered: 0, done: 0 };
  const take = (record: RawRecord): BadInput | undefined => {
    const about = parts.describe(record);
    if (!about.ok) return about.error;
    if (!wanted(about.value, options)) {
      seen.filtered++;
      return undefined;
    }
    const compared = parts.compare(record);
    if (!compared.ok) return compared.error;
    const { value } = compared;
    const ok = value.bytesEqual === value.images && value.result !== "differs" && value.failures.length === 0;
    sum[!ok ? "failed" : value.result === "incomparable" ? "incomparable" : "passed"]++;
    if (failures.length < MAX_FAILURES) failures.push(...value.failures);
    for (const id of new Set(value.rows)) rows.set(id, (rows.get(id) ?? 0) + 1);
    addFamily(families, value);
    seen.done++;
    return undefined;
  };
  for (const file of found.files) {
    for await (const record of readRecords(file)) {
      if (options.stop.aborted || seen.done >= options.limit) break;
      const problem = record.ok ? take(record.value) : record.error;
      if (problem !== undefined) unreadable.push(problem);
      else options.progress?.(seen.done);
      await breathe(seen.done);
    }
  }
  const counts: Counts = { ...sum, seed: null, interrupted: options.stop.aborted, failures, unreadable };
  const sums = Object.values(families);
  return makeReport("golden", started, counts, {
    images: add(sums, "images"),
    bytesEqual: add(sums, "bytesEqual"),
    results: add(sums, "results"),
    resultsEqual: add(sums, "resultsEqual"),
    families,
    filtered: seen.filtered,
    coverage: { ...coverage(rows), witnesses: Object.fromEntries(rows) },
  });
}

const add = (families: readonly FamilyCounts[], key: keyof FamilyCounts): number =>
  families.reduce((sum, family) => sum + family[key], 0);

/** `max` and `lse` are one choice, `cortex-a57` and `ll-sc` the other. */
function wanted(about: { readonly family: string; readonly cpu: string }, options: GoldenOptions): boolean {
  const { families, cpu } = options;
  return (
    (families === undefined || families.has(about.family)) && (cpu === undefined || atomics(about.cpu) === atomics(cpu))
  );
}

const atomics = (cpu: string): string => (/^(ll-sc|cortex-a57|a57)/i.test(cpu) ? "ll-sc" : "lse");

function addFamily(families: Record<string, FamilyCounts>, { family, images, bytesEqual, result }: GoldenCase): void {
  families[family] ??= { programs: 0, images: 0, bytesEqual: 0, results: 0, resultsEqual: 0 };
  const counts = families[family];
  counts.programs++;
  counts.images += images;
  counts.bytesEqual += bytesEqual;
  if (result === "equal" || result === "differs") counts.results++;
  if (result === "equal") counts.resultsEqual++;
}

/** Let signals and progress output through now and then. */
async function breathe(done: number): Promise<void> {
  if (done % 32 === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** A record that is JSON but no recording. */
export const notARecording = (name: string, came: string): { readonly ok: false; readonly error: BadInput } =>
  refuse({ subject: name, expected: "a recorded program", came, next: "see the fields of a recording in the docs" });
