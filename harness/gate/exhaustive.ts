// The part of the gate that tries everything up to a size, shared out among workers.

import type { Subject } from "../../subjects/subject.js";
import { onSubject } from "../case-command.js";
import {
  type ExhaustiveReport,
  type ExhaustiveResult,
  type ExhaustiveTask,
  exhaust,
  type HowMuch,
  planFor,
} from "../loop/exhaustive.js";
import type { Pool } from "../loop/pool.js";
import { inParallel } from "../loop/run.js";
import type { Failure } from "../report.js";

export type ExhaustiveFacts = Omit<ExhaustiveReport, "failures"> & { readonly ms: number };

interface Turn {
  readonly stop: AbortSignal;
  /** @param share of the part, from 0 to 1 */
  readonly progress?: (share: number, note: string) => void;
}

export async function tryExhaustively(
  pool: Pool,
  subject: Subject,
  how: HowMuch,
  { stop, progress }: Turn,
): Promise<{ readonly facts: ExhaustiveFacts; readonly failures: readonly Failure[] }> {
  const started = performance.now();
  let all = 0;
  let done = 0;
  const run = async (tasks: readonly ExhaustiveTask[]): Promise<readonly ExhaustiveResult[]> => {
    const results: ExhaustiveResult[] = [];
    let next = 0;
    all += tasks.length;
    await inParallel(pool.jobs, () => {
      const index = next++;
      const task = tasks[index];
      if (task === undefined || stop.aborted) return undefined;
      return async () => {
        results[index] = await pool.exhaustive(task);
        progress?.(++done / all, `${done} of ${all} exhaustive batches`);
      };
    });
    return results;
  };
  const { failures: found, ...tried } = await exhaust(run, planFor(subject, how), stop);
  const failures = found.map((one) => exhaustiveFailure(one, subject.name));
  return { failures, facts: { ...tried, ms: performance.now() - started } };
}

const exhaustiveFailure = ({ part, got }: ExhaustiveReport["failures"][number], subject: string): Failure => ({
  ...{ name: `exhaustive, ${part}`, where: "a history", expected: "no oracle to object", got },
  replay: `npx rox gate --only exhaustive${onSubject(subject)}`,
});
