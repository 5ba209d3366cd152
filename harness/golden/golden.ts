// Recordings of a real kernel against our witnesses: every image byte for byte, and for programs whose result does not
// depend on time or chance, the interpreter, the JIT and the kernel against each other. A file may hold a history of
// allocations instead.

import type { Engine } from "../../engines/engine.js";
import {
  type AllocTraceReport,
  compareTrace,
  isTrace,
  readTraceOp,
  type TraceOp,
} from "../../properties/recordings/allocations.js";
import { readRecording } from "../../properties/recordings/recording.js";
import { isTrampoline, type RecordedTrampoline, readTrampoline } from "../../properties/recordings/trampoline.js";
import { compareTrampoline } from "../../properties/recordings/trampoline-bytes.js";
import { exception, isUncompared, whyUncompared } from "../../properties/verdict.js";
import type { Subject, Version } from "../../subjects/subject.js";
import { type BadInput, loaded, refuse } from "../bad-input.js";
import { breather } from "../breathe.js";
import { findFiles } from "../input-file.js";
import { type Failure, makeReport, type Report } from "../report.js";
import { type Compared, openComparison } from "./compare.js";
import { type GoldenCoverage, goldenCoverage } from "./coverage.js";
import { type RawRecord, RECORDING_EXTENSIONS, readRecords } from "./records.js";

interface GoldenOptions {
  readonly subject: Subject;
  readonly engines: readonly Engine[];
  readonly families: ReadonlySet<string> | undefined;
  readonly cpu: string | undefined;
  readonly limit: number;
  readonly stop: AbortSignal;
  readonly progress?: (done: number) => void;
}

interface FamilyCounts {
  programs: number;
  images: number;
  bytesEqual: number;
  /** Compared three ways, and how many of them were equal. */
  results: number;
  resultsEqual: number;
}
type Trace = { readonly name: string } & Omit<AllocTraceReport, "failures" | "contradiction">;
/** A reason, how often, and the first recording. */
interface NotCompared {
  readonly why: string;
  programs: number;
  readonly first: string;
}

export interface GoldenReport extends Report {
  readonly images: number;
  readonly bytesEqual: number;
  readonly results: number;
  readonly resultsEqual: number;
  readonly families: Readonly<Record<string, FamilyCounts>>;
  /** Why results were not compared though they should be. */
  readonly notCompared: readonly Readonly<NotCompared>[];
  /** Programs left out by `--family` or `--cpu`. */
  readonly filtered: number;
  /** Files that hold something else. */
  readonly leftOut: readonly { readonly name: string; readonly why: string }[];
  /** Histories of allocations. Their loads count as passed or failed. */
  readonly traces: readonly Trace[];
  readonly coverage: GoldenCoverage;
}

const NO_PROGRAMS = "a history of allocations has neither family nor CPU";

export async function golden(paths: readonly string[], options: GoldenOptions): Promise<GoldenReport> {
  const started = Date.now();
  const { subject, engines, stop, limit } = options;
  const found = findFiles(paths, RECORDING_EXTENSIONS);
  const sums = emptySums(found.refused);
  const compare = await openComparison(subject, engines);
  const breathe = breather();
  for (const file of found.files) {
    for await (const record of readRecords(file, stop)) {
      if (stop.aborted || sums.done >= limit) break;
      if (record.ok && isTrace(record.value.json)) {
        if (options.families === undefined && options.cpu === undefined) await addTrace(file, subject, sums);
        else sums.leftOut.push({ name: file, why: NO_PROGRAMS });
        break;
      }
      if (record.ok && isTrampoline(record.value.json)) {
        addTrampoline(record.value, options, sums);
        options.progress?.(sums.done);
        await breathe();
        continue;
      }
      const read = record.ok ? readProgram(record.value) : record;
      if (!read.ok) {
        sums.unreadable.push(read.error);
        continue;
      }
      const { name, family, recording } = read.value;
      if (isWanted(family, recording.lse, options))
        addProgram(name, family, compare(name, recording), recording.kernel.version, sums);
      else sums.filtered++;
      options.progress?.(sums.done);
      await breathe();
    }
  }
  const { passed, failed, incomparable, failures, unreadable, families, notCompared, filtered, leftOut, traces } = sums;
  const counts = { passed, failed, incomparable, failures, unreadable, seed: null, interrupted: stop.aborted };
  const add = (key: keyof FamilyCounts): number => Object.values(families).reduce((sum, f) => sum + f[key], 0);
  return makeReport("golden", started, counts, {
    ...{ images: add("images"), bytesEqual: add("bytesEqual") },
    ...{ results: add("results"), resultsEqual: add("resultsEqual") },
    ...{ families, notCompared: [...notCompared.values()], filtered, leftOut, traces },
    coverage: goldenCoverage(sums.rows, sums.versions),
  });
}

const emptySums = (unreadable: readonly BadInput[]) => ({
  ...{ done: 0, passed: 0, failed: 0, incomparable: 0, filtered: 0 },
  failures: [] as Failure[],
  unreadable: [...unreadable],
  leftOut: [] as { readonly name: string; readonly why: string }[],
  families: {} as Record<string, FamilyCounts>,
  /** Byte-equal programs by row id. */
  rows: new Map<string, number>(),
  /** Of byte-equal recordings. */
  versions: new Map<Version, number>(),
  /** By reason. */
  notCompared: new Map<string, NotCompared>(),
  traces: [] as Trace[],
});
type Sums = ReturnType<typeof emptySums>;

/** Failures beyond this many are counted only: one broken encoder fails every program. */
const MAX_FAILURES = 1000;
const addFailures = (failures: readonly Failure[], sums: Sums): number =>
  sums.failures.push(...failures.slice(0, MAX_FAILURES - sums.failures.length));

function readProgram({ name, kind, json }: RawRecord) {
  const read = readRecording(kind, json);
  if (!read.ok) {
    const next = "see the fields of a recording in the docs";
    return refuse({ subject: name, expected: "a recorded program", got: read.message, next });
  }
  const recording = read.value;
  return loaded({ name, family: kind === "vector" ? "vectors" : recording.name, recording });
}

/** `max` and `lse` are one choice, `cortex-a57` and `ll-sc` the other. */
const isWanted = (family: string, lse: boolean, { families, cpu }: GoldenOptions): boolean =>
  families?.has(family) !== false && (cpu === undefined || lse === (cpu === "max" || cpu === "lse"));

function addProgram(name: string, family: string, compared: Compared, version: Version, sums: Sums): void {
  const { images, equal, rows, result, failures } = compared;
  sums.done++;
  sums.families[family] ??= { programs: 0, images: 0, bytesEqual: 0, results: 0, resultsEqual: 0 };
  const counts = sums.families[family];
  counts.programs++;
  counts.images += images;
  counts.bytesEqual += equal;
  if (equal === images) sums.versions.set(version, (sums.versions.get(version) ?? 0) + 1);
  for (const id of rows) sums.rows.set(id, (sums.rows.get(id) ?? 0) + 1);
  addFailures(failures, sums);
  const isOpen = result !== undefined && isUncompared(result);
  sums[failures.length > 0 ? "failed" : isOpen ? "incomparable" : "passed"]++;
  if (result === undefined) return;
  if (isOpen) {
    const why = whyUncompared(result);
    const seen = sums.notCompared.get(why) ?? { why, programs: 0, first: name };
    seen.programs++;
    sums.notCompared.set(why, seen);
    return;
  }
  counts.results++;
  if (result.kind === "agree") counts.resultsEqual++;
}

const TRAMPOLINES = "trampolines";

/** One trampoline with all that was recorded around it. It runs on every CPU alike. */
function addTrampoline({ name, json }: RawRecord, { families, subject }: GoldenOptions, sums: Sums): void {
  const read = readTrampoline(json);
  if (!read.ok) {
    const next = "see the fields of a recording in the docs";
    sums.unreadable.push({ subject: name, expected: "a recorded trampoline", got: read.message, next });
    return;
  }
  if (families?.has(TRAMPOLINES) === false) {
    sums.filtered++;
    return;
  }
  const { compared, differences } = trampolineOrCrash(read.value, subject);
  sums.done++;
  sums.families[TRAMPOLINES] ??= { programs: 0, images: 0, bytesEqual: 0, results: 0, resultsEqual: 0 };
  const counts = sums.families[TRAMPOLINES];
  counts.programs++;
  counts.images += compared;
  counts.bytesEqual += compared - differences.length;
  sums[differences.length > 0 ? "failed" : "passed"]++;
  addFailures(
    differences.map((difference) => ({ name: `${name} (${read.value.name})`, ...difference })),
    sums,
  );
}

function trampolineOrCrash(recorded: RecordedTrampoline, subject: Subject): ReturnType<typeof compareTrampoline> {
  try {
    return compareTrampoline(recorded, subject);
  } catch (error) {
    const { where, expected, got } = exception(error);
    return { compared: 1, differences: [{ where, expected, got }] };
  }
}

/** All operations of the file up to the first line that is none: behind a gap no address can be told. */
async function addTrace(file: string, subject: Subject, sums: Sums): Promise<void> {
  const ops: TraceOp[] = [];
  const lines: number[] = [];
  for await (const record of readRecords(file)) {
    const op = record.ok ? readTraceOp(record.value.json) : "";
    if (typeof op !== "string") {
      ops.push(op);
      lines.push(record.ok ? record.value.line : 0);
      continue;
    }
    const problem = { expected: "a load or a free", got: op, next: "record the history again" };
    sums.unreadable.push(record.ok ? { subject: record.value.name, ...problem } : record.error);
    break;
  }
  const { failures, contradiction, ...result } = compareTrace(file, ops, subject);
  if (contradiction !== undefined) {
    const { line, ...problem } = contradiction;
    sums.unreadable.push({ subject: `${file}:${lines[line - 1]}`, ...problem, next: "record the history again" });
    return;
  }
  sums.traces.push({ name: file, ...result });
  sums.passed += result.equal;
  sums.failed += result.loads - result.equal;
  if (failures.length > 0 && result.equal === result.loads) sums.failed++;
  addFailures(failures, sums);
}
