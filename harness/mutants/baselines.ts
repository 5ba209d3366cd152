// What less than everything would find: the same mutants again, with one search alone each time, so that the number of
// those that everything finds means something.

import type { Loaded } from "../bad-input.js";
import { loaded } from "../bad-input.js";
import type { Variant } from "./collection.js";
import { type MutantsOptions, runMutants } from "./mutants.js";
import type { MutantsReport } from "./report.js";

interface Baseline {
  readonly name: string;
  /** Names of searches; all that are no baselines if absent. */
  readonly searches?: readonly string[];
}

/** `results`: programs, of which r0, faults and refusals are compared and nothing else. */
const BASELINES: readonly Baseline[] = [
  { name: "everything" },
  { name: "programs", searches: ["programs"] },
  { name: "results", searches: ["results"] },
  { name: "corpus", searches: ["corpus"] },
  { name: "recordings", searches: ["recordings"] },
  { name: "conformance", searches: ["conformance"] },
];

export interface BaselineReport {
  readonly command: "mutants";
  readonly seed: number;
  readonly interrupted: boolean;
  /** Argued equivalent ones are not in it. */
  readonly planted: Readonly<Record<string, number>>;
  /** Baseline -> group -> mutants killed. */
  readonly killed: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Baselines that did not run, and why. */
  readonly left: Readonly<Record<string, string>>;
}

/** Of a search that is no more than a part: it either finds something soon or not at all. */
const PART_MS = 3000;

export async function runBaselines(
  variants: readonly Variant[],
  options: Omit<MutantsOptions, "searches">,
  onBaseline: (name: string) => void,
): Promise<Loaded<BaselineReport>> {
  const killed: Record<string, Record<string, number>> = {};
  const left: Record<string, string> = {};
  for (const { name, searches } of BASELINES) {
    if (options.stop.aborted) break;
    if (name === "conformance" && process.env.ROX_CONFORMANCE === undefined) {
      left[name] = "ROX_CONFORMANCE does not name the folder of the suite";
      continue;
    }
    onBaseline(name);
    const part = searches === undefined ? {} : { searches, budgetMs: Math.min(PART_MS, options.budgetMs) };
    const run = await runMutants(variants, { ...options, ...part, noWitness: true });
    if (!run.ok) return run;
    killed[name] = byGroup(run.value.results.filter(({ kind }) => kind === "killed"));
  }
  const planted = byGroup(variants.filter(({ equivalent }) => equivalent === undefined));
  const { seed, stop } = options;
  return loaded({ command: "mutants", seed, interrupted: stop.aborted, planted, killed, left });
}

function byGroup(of: readonly Pick<MutantsReport["results"][number], "group">[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { group } of of) counts[group] = (counts[group] ?? 0) + 1;
  return counts;
}
