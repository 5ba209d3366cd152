// What one of a kind costs in time: a table of a few estimates with where each comes from, and two costs that are solved for
// so that two rows of the cover letter come out. Everything else that is said about time is a prediction.

import { type Counted, type Counts, type Nanoseconds, noCounts } from "./counts.js";

interface Estimate {
  readonly kind: Counted;
  /** Nanoseconds each: the least that is likely, the one taken, the most. */
  readonly low: number;
  readonly mid: number;
  readonly high: number;
  readonly source: string;
}

/**
 * For the machine of the letter: 32 virtual CPUs under KVM. None of these was measured there; they are what such steps take
 * on arm64 servers, and the ranges are wide for that reason.
 */
export const ESTIMATES: readonly Estimate[] = [
  {
    ...{ kind: "linesCleaned", low: 4, mid: 6, high: 12 },
    source: "DC CVAU on a line in the first or second level: tens of cycles, several in flight",
  },
  {
    ...{ kind: "linesInvalidated", low: 4, mid: 6, high: 12 },
    source: "IC IVAU, broadcast within the inner shareable domain: as a clean",
  },
  {
    ...{ kind: "fixmapMaps", low: 200, mid: 300, high: 450 },
    source: "one page table entry, DSB and ISB",
  },
  {
    ...{ kind: "fixmapUnmaps", low: 300, mid: 450, high: 700 },
    source: "one page table entry and a broadcast TLBI with its DSB",
  },
  {
    ...{ kind: "ipis", low: 2000, mid: 6000, high: 12_000 },
    source: "31 other virtual CPUs are interrupted and waited for",
  },
  {
    ...{ kind: "bytesCopied", low: 0.05, mid: 0.1, high: 0.2 },
    source: "a copy at 5 to 20 GB a second",
  },
  {
    ...{ kind: "bytesFilled", low: 0.05, mid: 0.1, high: 0.2 },
    source: "a fill at 5 to 20 GB a second",
  },
];

/** Solved for: the cost that is left of a row of the letter when all estimates are subtracted. */
export const CALIBRATED = {
  instructions: "the verifier, the passes of the JIT and the test itself, on the row with the series",
  areas: "a module area mapped, protected and unmapped, on the row without the series",
} as const satisfies Partial<Record<Counted, string>>;

/** Wall seconds of test_tag, from the cover letter (version 6, 2024-01-24). */
export const LETTER_SECONDS = { page: 21.487, pack: 19.695 };

/** What test_tag asks of the machine, counted in full with both allocators. A test runs it again. */
export const TEST_TAG: Readonly<Record<"page" | "pack", Partial<Counts>>> = {
  page: {
    ...{ loads: 40_946, instructions: 83_906_544, areas: 40_946, ipis: 40_946 },
    ...{ linesCleaned: 10_619_264, linesInvalidated: 10_619_264, bytesFilled: 1_270_191_768 },
  },
  pack: {
    ...{ loads: 40_946, instructions: 83_906_544, areas: 1, ipis: 122_838, fixmapMaps: 332_172, fixmapUnmaps: 332_172 },
    ...{ linesCleaned: 27_770_277, linesInvalidated: 27_770_277, bytesCopied: 592_524_416, bytesFilled: 594_621_568 },
  },
};

export const LEVELS = ["low", "mid", "high"] as const;
export type Level = (typeof LEVELS)[number];

/** What the estimates alone say of some counts. */
const estimated = (counts: Counts, level: Level): number =>
  ESTIMATES.reduce((sum, estimate) => sum + counts[estimate.kind] * estimate[level], 0);

/** All unit costs at one level of the estimates, in nanoseconds. Both calibrated rows come out at every level. */
export function unitCosts(level: Level): Nanoseconds {
  const pack: Counts = { ...noCounts(), ...TEST_TAG.pack };
  const page: Counts = { ...noCounts(), ...TEST_TAG.page };
  // Two equations: the rest of each row is made of instructions and of areas, of which packs take next to none.
  const rest = {
    pack: LETTER_SECONDS.pack * 1e9 - estimated(pack, level),
    page: LETTER_SECONDS.page * 1e9 - estimated(page, level),
  };
  const determinant = pack.instructions * page.areas - page.instructions * pack.areas;
  const instructions = (rest.pack * page.areas - rest.page * pack.areas) / determinant;
  const areas = (rest.page * pack.instructions - rest.pack * page.instructions) / determinant;
  return { ...Object.fromEntries(ESTIMATES.map((one) => [one.kind, one[level]])), instructions, areas };
}

/** Seconds that the counts take at one level. */
export function secondsOf(counts: Counts, level: Level): number {
  const costs = unitCosts(level);
  const kinds = Object.keys(costs) as Counted[];
  return kinds.reduce((sum, kind) => sum + counts[kind] * (costs[kind] ?? 0), 0) / 1e9;
}
