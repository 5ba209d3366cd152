// What every run comes to, as data: the JSON that `--json` writes and the exit code. Each command adds its own fields.

import type { BadInput } from "./bad-input.js";
import type { KernelPlace } from "./kernel-place.js";

export interface Failure {
  /** The file, recording or program that failed. */
  readonly name: string;
  /** Who objects, where that is said. */
  readonly oracle?: string;
  /** Where the two answers part: `r0`, `insn 3`, `image +0x14`, ... */
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** The command that shows it again. */
  readonly replay?: string;
  /** What was under test, where that is not the default. */
  readonly subject?: string;
  /** Of a kernel image, where in its own code. */
  readonly kernel?: KernelPlace;
}

export interface Report {
  readonly command: string;
  readonly ok: boolean;
  /** `passed + failed + incomparable`. */
  readonly total: number;
  readonly passed: number;
  readonly failed: number;
  readonly incomparable: number;
  /** Of the incomparable ones, those that need what the subject lacks: they are named, and no limit is on them. */
  readonly lacking?: number;
  /** A decimal number, or null where nothing is drawn at random. */
  readonly seed: number | null;
  /** What was under test, as `--subject` takes it, where the command has a choice. */
  readonly subject?: string;
  readonly durationMs: number;
  readonly interrupted: boolean;
  readonly failures: readonly Failure[];
  /** Files or records that could not be read: the run goes on without them and fails. */
  readonly unreadable: readonly BadInput[];
}

export type Counts = Pick<
  Report,
  "passed" | "failed" | "incomparable" | "lacking" | "seed" | "subject" | "interrupted" | "failures" | "unreadable"
>;

/** The share of incomparable cases above which a run fails: skipping must not pass for checking. */
export const INCOMPARABLE_LIMIT = 0.01;

export const total = ({ passed, failed, incomparable }: Counts): number => passed + failed + incomparable;

export const tooManyIncomparable = (counts: Counts): boolean =>
  counts.incomparable - (counts.lacking ?? 0) > total(counts) * INCOMPARABLE_LIMIT;

/** 0 clean, 1 counterexample or too much incomparable, 2 nothing checked or unreadable input, 130 interrupted. */
export function exitCode(counts: Counts): number {
  if (counts.interrupted) return 130;
  if (counts.failed > 0) return 1;
  if (counts.unreadable.length > 0 || counts.passed === 0) return 2;
  return tooManyIncomparable(counts) ? 1 : 0;
}

export const makeReport = <Extra extends object>(
  command: string,
  started: number,
  counts: Counts,
  extra: Extra,
): Report & Extra => ({
  command,
  ok: exitCode(counts) === 0,
  total: total(counts),
  passed: counts.passed,
  failed: counts.failed,
  incomparable: counts.incomparable,
  ...(counts.lacking === undefined || counts.lacking === 0 ? {} : { lacking: counts.lacking }),
  seed: counts.seed,
  ...(counts.subject === undefined ? {} : { subject: counts.subject }),
  durationMs: Date.now() - started,
  interrupted: counts.interrupted,
  failures: counts.failures,
  unreadable: counts.unreadable,
  ...extra,
});

/** JSON with bigints as hexadecimal strings and bytes as hexadecimal. */
export const reportJson = (report: object): string => `${JSON.stringify(report, plain, 2)}\n`;

function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return `0x${value.toString(16)}`;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (value instanceof Map) return Object.fromEntries(value);
  return value instanceof Set ? [...value] : value;
}
