// Recordings of a real kernel against our witnesses: every image byte for byte, and for programs whose result does not
// depend on time or chance, the interpreter, the JIT and the kernel against each other.

import { ROWS } from "../../spec/bpf/isa.js";
import { type BadInput, type Loaded, refuse } from "../bad-input.js";
import { breather } from "../breathe.js";
import { coverage } from "../gate/coverage.js";
import { findFiles } from "../input-file.js";
import { type Counts, type Failure, makeReport, type Report } from "../report.js";
import { compareTrace, isTrace } from "./alloc-trace.js";
import { type ReadTrace, readTrace, type TraceResult } from "./read-trace.js";
import { type RawRecord, RECORDING_EXTENSIONS, readRecords } from "./records.js";

/** Images of one recorded program, and how many of them we emit byte for byte up to the first difference. */
export interface ByteResult {
  readonly images: number;
  readonly equal: number;
  /** Row ids of the program; none if an image differs. */
  readonly rows: readonly string[];
  readonly failures: readonly Failure[];
}

/** Three ways: interpreter, JIT on an engine, kernel. */
export type ThreeWayResult =
  | { readonly kind: "equal"; readonly failures: readonly [] }
  | { readonly kind: "differs"; readonly failures: readonly Failure[] }
  | { readonly kind: "incomparable"; readonly why: string; readonly failures: readonly [] };

export interface GoldenOptions {
  readonly families: ReadonlySet<string> | undefined;
  readonly cpu: string | undefined;
  readonly limit: number;
  readonly stop: AbortSignal;
  readonly progress?: (done: number) => void;
}

export interface GoldenParts<R> {
  read(record: RawRecord): Loaded<R>;
  about(recording: R, record: RawRecord): { readonly family: string; readonly cpu: string };
  bytes(recording: R, name: string): ByteResult;
  /** Undefined where the result depends on time, chance or other programs. */
  result(recording: R, name: string): ThreeWayResult | undefined;
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
  /** Why results were not compared though they should be, how often, and the first recording of each. */
  readonly notCompared: readonly { readonly why: string; readonly programs: number; readonly first: string }[];
  /** Programs left out by `--family` or `--cpu`. */
  readonly filtered: number;
  /** Files that hold something else. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Histories of allocations. Their loads count as passed or failed. */
  readonly traces: readonly TraceResult[];
  readonly coverage: {
    readonly reached: number;
    readonly all: number;
    readonly missing: readonly string[];
    /** Byte-equal programs by row id. */
    readonly witnesses: Readonly<Record<string, number>>;
  };
}

const NO_PROGRAMS = "a history of allocations has neither family nor CPU";

/** Failures beyond this many are counted only: one broken encoder fails every program. */
const MAX_FAILURES = 1000;

export async function golden<R>(
  paths: readonly string[],
  options: GoldenOptions,
  parts: GoldenParts<R>,
): Promise<GoldenReport> {
  const started = Date.now();
  const found = findFiles(paths, RECORDING_EXTENSIONS);
  const unreadable: BadInput[] = [...found.refused];
  const leftOut: { name: string; why: string }[] = [];
  const traces: TraceResult[] = [];
  const sums = emptySums();
  const breathe = breather();
  for (const file of found.files) {
    for await (const record of readRecords(file)) {
      if (options.stop.aborted || sums.done >= options.limit) break;
      if (record.ok && isTrace(record.value.text)) {
        if (options.families !== undefined || options.cpu !== undefined) leftOut.push({ name: file, why: NO_PROGRAMS });
        else compareTraceFile(await readTrace(file), sums, traces, unreadable);
        break;
      }
      const recording = record.ok ? parts.read(record.value) : record;
      if (!record.ok || !recording.ok) {
        if (!recording.ok) unreadable.push(recording.error);
        continue;
      }
      compareOne(recording.value, record.value, options, parts, sums);
      options.progress?.(sums.done);
      await breathe();
    }
  }
  const { failures, families, rows, filtered, passed, failed, incomparable } = sums;
  const counts: Counts = {
    ...{ passed, failed, incomparable, failures, unreadable },
    seed: null,
    interrupted: options.stop.aborted,
  };
  const all = Object.values(families);
  return makeReport("golden", started, counts, {
    images: add(all, "images"),
    bytesEqual: add(all, "bytesEqual"),
    results: add(all, "results"),
    resultsEqual: add(all, "resultsEqual"),
    families,
    notCompared: [...sums.notCompared].map(([why, about]) => ({ why, ...about })),
    filtered,
    leftOut,
    traces,
    coverage: {
      ...coverage(
        rows,
        ROWS.map(({ id }) => id),
      ),
      witnesses: inTableOrder(rows),
    },
  });
}

function inTableOrder(rows: ReadonlyMap<string, number>): Record<string, number> {
  const counts = ROWS.map(({ id }): [string, number] => [id, rows.get(id) ?? 0]);
  return Object.fromEntries(counts.filter(([, n]) => n > 0));
}

interface Sums {
  passed: number;
  failed: number;
  incomparable: number;
  filtered: number;
  done: number;
  readonly failures: Failure[];
  readonly families: Record<string, FamilyCounts>;
  readonly rows: Map<string, number>;
  /** By reason. */
  readonly notCompared: Map<string, { programs: number; readonly first: string }>;
}

const emptySums = (): Sums => ({
  ...{ passed: 0, failed: 0, incomparable: 0, filtered: 0, done: 0 },
  ...{ failures: [], families: {}, rows: new Map(), notCompared: new Map() },
});

function compareOne<R>(
  recording: R,
  record: RawRecord,
  options: GoldenOptions,
  parts: GoldenParts<R>,
  sums: Sums,
): void {
  const about = parts.about(recording, record);
  if (!wanted(about, options)) {
    sums.filtered++;
    return;
  }
  const bytes = guarded(record.name, () => parts.bytes(recording, record.name), CRASHED_BYTES);
  const result = guarded(record.name, () => parts.result(recording, record.name), CRASHED_RESULT);
  const failures = [...bytes.failures, ...(result?.failures ?? [])];
  const isOk = bytes.equal === bytes.images && result?.kind !== "differs" && failures.length === 0;
  sums[!isOk ? "failed" : result?.kind === "incomparable" ? "incomparable" : "passed"]++;
  if (result?.kind === "incomparable") {
    const seen = sums.notCompared.get(result.why);
    if (seen === undefined) sums.notCompared.set(result.why, { programs: 1, first: record.name });
    else seen.programs++;
  }
  sums.failures.push(...failures.slice(0, Math.max(0, MAX_FAILURES - sums.failures.length)));
  for (const id of bytes.rows) sums.rows.set(id, (sums.rows.get(id) ?? 0) + 1);
  addFamily(sums.families, about.family, bytes, result);
  sums.done++;
}

function compareTraceFile(trace: ReadTrace, sums: Sums, traces: TraceResult[], unreadable: BadInput[]): void {
  const { name, ops, problem } = trace;
  if (problem !== undefined) unreadable.push(problem);
  const { failures, ...result } = compareTrace(name, ops);
  traces.push({ name, ...result });
  sums.passed += result.equal;
  sums.failed += result.loads - result.equal;
  if (failures.length > 0 && result.equal === result.loads) sums.failed++;
  sums.failures.push(...failures.slice(0, Math.max(0, MAX_FAILURES - sums.failures.length)));
}

/** An exception out of a witness is a finding about that recording, not the end of the run. */
function guarded<T>(name: string, run: () => T, crashed: (failure: Failure) => T): T {
  try {
    return run();
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    return crashed({ name, where: "an exception", expected: "a comparison", got });
  }
}

const CRASHED_BYTES = (failure: Failure): ByteResult => ({ images: 1, equal: 0, rows: [], failures: [failure] });
const CRASHED_RESULT = (failure: Failure): ThreeWayResult => ({ kind: "differs", failures: [failure] });

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

function addFamily(
  families: Record<string, FamilyCounts>,
  family: string,
  { images, equal }: ByteResult,
  result: ThreeWayResult | undefined,
): void {
  families[family] ??= { programs: 0, images: 0, bytesEqual: 0, results: 0, resultsEqual: 0 };
  const counts = families[family];
  counts.programs++;
  counts.images += images;
  counts.bytesEqual += equal;
  if (result?.kind === "equal" || result?.kind === "differs") counts.results++;
  if (result?.kind === "equal") counts.resultsEqual++;
}

/** A record that is JSON but no recording. */
export const notARecording = (name: string, got: string): { readonly ok: false; readonly error: BadInput } =>
  refuse({ subject: name, expected: "a recorded program", got, next: "see the fields of a recording in the docs" });
