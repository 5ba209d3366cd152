// The one way in which a test asserts a law of random values: with a seed that never changes, so that everybody sees the
// same, and where ROX_SEED is set, as in CI, once more with that one, so that every commit tries something new.

import path from "node:path";
import fc from "fast-check";
import { expect } from "vitest";

/**
 * How many runs a law has that has long found nothing new, or that the gate tries at greater length: a few, and all of them
 * where ROX_LAWS is `full`. What few of them still find, a planted bug shows beside the law.
 */
export const saturated = ({ few, full }: { readonly few: number; readonly full: number }): number =>
  triesAll() ? full : few;

/** @throws Error if ROX_LAWS is something else than `full` or `few` */
export function triesAll(): boolean {
  const { ROX_LAWS = "few" } = process.env;
  if (!["few", "full"].includes(ROX_LAWS)) throw new Error(`ROX_LAWS: expected few or full, got ${ROX_LAWS}`);
  return ROX_LAWS === "full";
}

/** Seed and number of runs of the fixed run; the other one has as many. */
type LawOptions<T> = fc.Parameters<T> & { readonly seed: number; readonly numRuns: number };

/** @throws Error with the smallest counterexample and the command that shows it again */
export function assertLaw<T>(law: fc.IProperty<T>, options: LawOptions<T>): void {
  run(law, options, "");
  const seed = newSeed();
  if (seed !== undefined) run(law, { ...options, seed }, `ROX_SEED=${seed} `);
}

/** The same for what takes its time. */
export async function assertAsyncLaw<T>(law: fc.IAsyncProperty<T>, options: LawOptions<T>): Promise<void> {
  await fc.assert(law, options).catch((error: unknown) => failed(error, ""));
  const seed = newSeed();
  if (seed === undefined) return;
  await fc.assert(law, { ...options, seed }).catch((error: unknown) => failed(error, `ROX_SEED=${seed} `));
}

function run<T>(law: fc.IProperty<T>, options: LawOptions<T>, variable: string): void {
  try {
    fc.assert(law, options);
  } catch (error) {
    failed(error, variable);
  }
}

function failed(error: unknown, variable: string): never {
  const { testPath, currentTestName } = expect.getState();
  const file = path.relative(process.cwd(), testPath ?? "");
  const again = `${variable}npx vitest run ${file} -t ${JSON.stringify(currentTestName?.replaceAll(" > ", " "))}`;
  throw new Error(`${error instanceof Error ? error.message : error}\n\nagain: ${again}`, { cause: error });
}

/** The one that ROX_SEED names, if there is one. @throws Error if ROX_SEED is no number from 0 to 2^31 - 1 */
export function newSeed(): number | undefined {
  const given = process.env.ROX_SEED;
  if (given === undefined) return undefined;
  const seed = Number(given);
  if (!/^\d+$/.test(given) || seed >= 2 ** 31) throw new Error(`ROX_SEED: expected 0 to ${2 ** 31 - 1}, got ${given}`);
  return seed;
}
