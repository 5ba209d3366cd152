// What a workload costs with each allocator and each version of the series, side by side.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import type { ImageMemoryName, Subject } from "../../subjects/subject.js";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import type { Counted } from "./counts.js";
import { runWorkload, type WorkloadResult } from "./run-workload.js";
import { type OldVersion, PRESENT, runVersions, type SeriesVersion } from "./series.js";
import { LETTER_SECONDS, LEVELS, type Level, secondsOf, unitCosts } from "./unit-costs.js";
import { stepsOf, type Workload } from "./workload.js";
import { refuseFault } from "./workload-run.js";
import { parseWorkload } from "./workload-text.js";

/** As the command takes them. `page`: before the series, a page or more for each program. */
export const ALLOCATORS = ["page", "pack"] as const;
export type Allocator = (typeof ALLOCATORS)[number];
const IMAGES: Readonly<Record<Allocator, ImageMemoryName>> = { page: "pages", pack: "packs" };
export const allocatorOf = (images: ImageMemoryName): Allocator => (images === "pages" ? "page" : "pack");

export interface CostOptions {
  readonly seed: number;
  readonly allocators: readonly Allocator[];
  /** Of the pack allocator. */
  readonly series: readonly SeriesVersion[];
  readonly subject: Subject;
  /** One round of so many is run, where rounds leave nothing behind. */
  readonly every: number;
  readonly pageBytes: 4096 | 16384 | 65536;
  readonly stop: AbortSignal;
  readonly progress?: (column: string) => void;
}

/** One column of the table. */
export interface Column extends WorkloadResult {
  /** `page`, `pack`, `v4` … */
  readonly name: string;
  readonly seconds: Readonly<Record<Level, number>>;
  /** Kinds that take most of the time, with their seconds, the largest first. */
  readonly dearest: readonly (readonly [Counted, number])[];
  /** The row of the cover letter that its time is solved for; undefined: a prediction. */
  readonly calibrated: boolean;
  /** What the letter says, in its words. */
  readonly letter: string | undefined;
}

export interface CostReport {
  readonly command: "cost";
  readonly workload: string;
  readonly about: string;
  readonly subject: string;
  readonly seed: number;
  readonly every: number;
  /** How far the instructions of what was run, taken for the whole, are from those of the whole; a share. */
  readonly error: number;
  readonly columns: readonly Column[];
  readonly interrupted: boolean;
}

const WORKLOADS = new URL("./workloads/", import.meta.url);
const EXTENSION = ".workload";

export const workloadNames = (): readonly string[] =>
  readdirSync(WORKLOADS)
    .filter((name) => name.endsWith(EXTENSION))
    .map((name) => path.basename(name, EXTENSION))
    .sort();

/** One of the built-in ones by its name, or a file. */
export function loadWorkload(name: string): Loaded<Workload> {
  if (workloadNames().includes(name)) {
    const text = readFileSync(new URL(`${name}${EXTENSION}`, WORKLOADS), "utf8");
    return parseWorkload(name, name, text);
  }
  if (!name.includes("/") && !name.includes(".")) {
    const expected = `a file, or one of ${workloadNames().join(", ")}`;
    return refuse({ subject: "WORKLOAD", expected, got: name, next: "choose one of them, or name a file" });
  }
  const text = readTextFile(name);
  return text.ok ? parseWorkload(name, path.basename(name, EXTENSION), text.value) : text;
}

export async function costOf(workload: Workload, options: CostOptions): Promise<Loaded<CostReport>> {
  const { seed, allocators, series, subject, every, pageBytes, stop, progress } = options;
  const common = { seed, every, pageBytes, nanoseconds: unitCosts("mid") };
  const columns: Column[] = [];
  const isPlain = allocators.includes("pack") && series.includes(PRESENT);
  try {
    if (allocators.includes("page")) {
      progress?.("page");
      columns.push(
        columnOf("page", workload, runWorkload(workload, { ...common, subject, allocator: IMAGES.page, stop })),
      );
    }
    if (allocators.includes("pack")) {
      const old = series.filter((version): version is OldVersion => version !== PRESENT);
      for (const version of old) {
        if (stop.aborted) break;
        progress?.(version);
        const result = await runVersions([version], workload, { ...common, allocator: IMAGES.pack }, stop);
        if (!result.ok) return result;
        for (const [name, counts] of result.value) columns.push(columnOf(name, workload, counts));
      }
    }
    if (isPlain && !stop.aborted) {
      progress?.(PRESENT);
      const name = series.length > 1 ? PRESENT : "pack";
      columns.push(
        columnOf(name, workload, runWorkload(workload, { ...common, subject, allocator: IMAGES.pack, stop })),
      );
    }
  } catch (error) {
    return refuseFault(workload, error);
  }
  return loaded({
    ...{ command: "cost", workload: workload.name, about: workload.about, subject: subject.name, seed, every },
    ...{ error: samplingError(workload, seed, every), columns, interrupted: stop.aborted },
  });
}

function columnOf(name: string, workload: Workload, result: WorkloadResult): Column {
  const costs = unitCosts("mid");
  const shares = (Object.keys(costs) as Counted[]).map(
    (kind) => [kind, (result.counts[kind] * (costs[kind] ?? 0)) / 1e9] as const,
  );
  const isTestTag = workload.name === "test_tag";
  return {
    ...{ ...result, name },
    seconds: Object.fromEntries(LEVELS.map((level) => [level, secondsOf(result.counts, level)])) as Column["seconds"],
    dearest: shares.toSorted(([, a], [, b]) => b - a).slice(0, 3),
    calibrated: isTestTag && name in CALIBRATED_ROWS,
    letter: isTestTag ? LETTER[name] : undefined,
  };
}

const LETTER: Readonly<Record<string, string>> = {
  page: `${LETTER_SECONDS.page.toFixed(1)} s`,
  pack: `${LETTER_SECONDS.pack.toFixed(1)} s`,
  v6: `${LETTER_SECONDS.pack.toFixed(1)} s`,
  v4: "> 120 s",
};
const CALIBRATED_ROWS = { page: true, pack: true, v6: true };

/** Steps are cheap to draw: the instructions of the whole are counted without loading anything. */
function samplingError(workload: Workload, seed: number, every: number): number {
  if (every === 1) return 0;
  const instructions = (stride: number): number => {
    let sum = 0;
    for (const { step, weight } of stepsOf(workload, seed, stride))
      if (step.kind === "load") sum += weight * step.slots;
    return sum;
  };
  const whole = instructions(1);
  return whole === 0 ? 0 : Math.abs(instructions(every) - whole) / whole;
}
