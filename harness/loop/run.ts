// How every run works through its cases: so many jobs at a time, each chunk under the pool's watch, each failure made small.

import type { CaseChecker } from "./case-checker.js";
import type { ChunkResult, ChunkTask, Suspect } from "./chunk.js";
import type { Lost, Pool } from "./pool.js";
import type { ShrinkResult } from "./shrink.js";

/**
 * So many jobs at a time, begun in order, until `next` has none or one of them fails.
 * @throws the first error, when all that was begun has ended
 */
export async function inParallel(jobs: number, next: () => (() => Promise<void>) | undefined): Promise<void> {
  const errors: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (let job = next(); job !== undefined && errors.length === 0; job = next()) {
      await job().catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: jobs }, worker));
  if (errors.length > 0) throw errors[0];
}

interface ChunkOrder extends Omit<ChunkTask, "kind" | "of" | "heartbeat"> {
  readonly checker: CaseChecker;
}

/** @param onLost is told of each case that ended its worker: it is left out, and the others are run again */
export async function runOrder(
  pool: Pool,
  { checker, ...order }: ChunkOrder,
  onLost: (index: number, lost: Lost) => Promise<void> | void,
): Promise<ChunkResult> {
  let { indexes } = order;
  for (;;) {
    const task = { ...order, indexes, kind: "chunk" as const, of: checker.kind.name };
    const answer = await pool.chunk(task);
    if (answer.ok) return answer.result;
    const index = indexes[answer.lost.nth]!;
    await onLost(index, answer.lost);
    indexes = indexes.filter((other) => other !== index);
  }
}

export interface ShrinkBudget {
  readonly runs: number;
  readonly ms: number;
}
export const SHRINK_BUDGET: ShrinkBudget = { runs: 20_000, ms: 20_000 };

/** Undefined if shrinking ended the worker. @param text the case that failed */
export const shrinkSuspect = (
  pool: Pool,
  { kind }: CaseChecker,
  text: string,
  { cause }: Pick<Suspect, "cause">,
  budget: ShrinkBudget,
): Promise<ShrinkResult | undefined> => pool.shrink({ kind: "shrink", of: kind.name, text, cause, ...budget });
