// `rox mutants`: builds all mutants at once, proves that the unchanged sources pass, and lets the searches loose on each.

import { type BadInput, type Loaded, loaded } from "../bad-input.js";
import { inParallel } from "../loop/run.js";
import { projectRoot } from "../project.js";
import { type Build, buildVariants } from "./build.js";
import { AUTOMATIC, type Variant } from "./collection.js";
import { type MutantResult, type MutantsReport, makeMutantsReport, resultOf, whyItFails } from "./report.js";
import { runChild } from "./run-child.js";
import type { Task } from "./search-mutant.js";

export interface MutantsOptions {
  readonly seed: number;
  /** Of the search, for each mutant. */
  readonly budgetMs: number;
  readonly jobs: number;
  readonly searches?: readonly string[];
  /** Baselines that run beside the searches that are no baselines. */
  readonly beside?: readonly string[];
  /** Make no witness smaller: what is asked is only whether something is found. */
  readonly noWitness?: boolean;
  /** Ids of those to run; the others are built only, to see that they still apply. */
  readonly only?: ReadonlySet<string>;
  readonly stop: AbortSignal;
  /** Mutants that cannot be tried: they are part of the report, and the others go on. */
  readonly unreadable?: readonly BadInput[];
  /** `report`: of all so far, as if the run had been interrupted here. */
  readonly progress?: (result: MutantResult, done: number, report: () => MutantsReport) => void;
}

const SHRINK_MS = 20_000;
/** Longer than nearly every mutant lives. */
const CONTROL_MS = 2000;

export async function runMutants(
  variants: readonly Variant[],
  options: MutantsOptions,
): Promise<Loaded<MutantsReport>> {
  const started = Date.now();
  const built = await buildVariants(projectRoot(), variants);
  if (!built.ok) return built;
  try {
    return loaded(await runBuilt(built.value, variants, options, started));
  } finally {
    built.value.remove();
  }
}

/** The same on what was built before, and stays. */
export async function runBuilt(
  build: Build,
  variants: readonly Variant[],
  options: MutantsOptions,
  started = Date.now(),
): Promise<MutantsReport> {
  const broken = [...build.broken.keys()].filter((id) => variants.some((one) => one.id === id && isAutomatic(one)));
  const unreadable = [
    ...(options.unreadable ?? []),
    ...variants.flatMap((variant) => {
      const complaint = isAutomatic(variant) ? undefined : build.broken.get(variant.id);
      return complaint === undefined ? [] : [uncompiled(variant, complaint)];
    }),
  ];
  const { seed, budgetMs, jobs, searches, beside, stop } = options;
  const task: Task = {
    seed,
    budgetMs,
    shrinkMs: options.noWitness === true ? 0 : SHRINK_MS,
    ...(searches === undefined ? {} : { searches }),
    ...(beside === undefined ? {} : { beside }),
  };
  const results: MutantResult[] = [];
  const report = (control: string | undefined, interrupted: boolean): MutantsReport =>
    makeMutantsReport({
      ...{ seed, budgetMs, jobs, durationMs: Date.now() - started, interrupted, control, broken, unreadable },
      results: results.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    });
  const runAll = async (): Promise<void> => {
    const waiting = variants.filter(({ id }) => !build.broken.has(id) && (options.only?.has(id) ?? true));
    await inParallel(jobs, () => {
      const mutant = stop.aborted ? undefined : waiting.shift();
      if (mutant === undefined) return undefined;
      return async () => {
        const outcome = await runChild(build, mutant.id, task, stop);
        if (stop.aborted) return;
        const result = resultOf(mutant, outcome);
        results.push(result);
        options.progress?.(result, results.length, () => report(undefined, true));
      };
    });
  };
  const unchanged = await runChild(build, undefined, { ...task, budgetMs: CONTROL_MS }, stop);
  const control = stop.aborted ? undefined : whyItFails(unchanged);
  if (control === undefined) await runAll();
  return report(control, stop.aborted);
}

/** Drawn anywhere: some of them make no sense to the compiler, which is nobody's mistake. */
const isAutomatic = ({ group }: Variant): boolean => group === AUTOMATIC;

const uncompiled = ({ id }: Variant, got: string): BadInput => ({
  ...{ subject: `mutant ${id}`, expected: "a change that compiles", got },
  next: "carry the change over to the present source",
});
