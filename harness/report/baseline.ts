// What a run came to, in a file beside its page, and what is different from an earlier run.

import path from "node:path";
import { z } from "zod";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import { parseJson } from "../json.js";
import { shaped } from "../loop/schema.js";

/** `run.json`. */
export interface RunSummary {
  readonly format: 1;
  /** `rox gate`, `rox fuzz`. */
  readonly command: string;
  readonly subject: string;
  readonly version: string;
  readonly commit?: string | undefined;
  readonly date: string;
  readonly seed: number;
  readonly findings: readonly FoundCause[];
  /** Names of coverage points, or of what else the command counts as covered. */
  readonly points: readonly string[];
  readonly speed: Speed;
}
interface FoundCause {
  /** The same in every run that finds it. */
  readonly cause: string;
  readonly title: string;
}
interface Speed {
  readonly perSecond: number;
  /** `cases a second`. Speeds of another unit are not compared. */
  readonly unit: string;
}

export const SUMMARY_FILE = "run.json";

const text = z.string().max(2000);
/** A case was a trial before. */
const unitOfAnyVersion = text.transform((unit) => unit.replace(/^trials /, "cases "));
const summary: z.ZodType<RunSummary> = z.object({
  format: z.literal(1),
  ...{ command: text, subject: text, version: text, commit: text.exactOptional(), date: text, seed: z.number() },
  findings: z.array(z.object({ cause: text, title: text })).max(100_000),
  points: z.array(text).max(1_000_000),
  speed: z.object({ perSecond: z.number().min(0), unit: unitOfAnyVersion }),
});

/** Of a folder that was given as --report. */
export function readSummary(directory: string): Loaded<RunSummary> {
  const file = path.join(directory, SUMMARY_FILE);
  const read = readTextFile(file);
  if (!read.ok) return read;
  const json = parseJson(file, read.value);
  if (!json.ok) return json;
  const found = shaped(summary, json.value);
  if ("value" in found) return loaded(found.value);
  const next = "name a folder that --report wrote, or a campaign";
  return refuse({ subject: file, expected: "what a run came to", got: found.wrong, next });
}

export interface Comparison {
  readonly before: RunSummary;
  readonly appeared: readonly FoundCause[];
  readonly vanished: readonly FoundCause[];
  /** Undefined if the two do not count the same. */
  readonly points?: { readonly gained: readonly string[]; readonly lost: readonly string[] };
  /** How much faster it is, as a factor; undefined if the two are not measured alike. */
  readonly speed?: number;
  /** In what else the two runs differ, in words. */
  readonly unlike: readonly string[];
}

const ASKED = ["command", "subject", "version", "commit", "seed"] as const;

export function compareRuns(before: RunSummary, now: RunSummary): Comparison {
  const without = <T>(all: readonly T[], others: readonly T[], key: (one: T) => string): readonly T[] => {
    const known = new Set(others.map(key));
    return all.filter((one) => !known.has(key(one)));
  };
  const cause = (found: FoundCause): string => found.cause;
  const point = (name: string): string => name;
  const isAlike = before.command === now.command;
  // A part that was not run covers nothing, which says nothing.
  const isCounted = isAlike && before.points.length > 0 && now.points.length > 0;
  const isTimed =
    isAlike && now.speed.perSecond > 0 && before.speed.unit === now.speed.unit && before.speed.perSecond > 0;
  return {
    before,
    appeared: without(now.findings, before.findings, cause),
    vanished: without(before.findings, now.findings, cause),
    ...(isCounted
      ? {
          points: {
            gained: without(now.points, before.points, point),
            lost: without(before.points, now.points, point),
          },
        }
      : {}),
    ...(isTimed ? { speed: now.speed.perSecond / before.speed.perSecond } : {}),
    unlike: ASKED.filter((key) => before[key] !== now[key]).map((key) => `${key} ${before[key] ?? "unknown"}`),
  };
}
