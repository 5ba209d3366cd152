// The part of the gate that tries everything up to a size, shared out among workers.

import type { Subject } from "../../subjects/subject.js";
import { onSubject } from "../case-command.js";
import {
  type ExhaustiveReport,
  type ExhaustiveResult,
  type ExhaustiveTask,
  exhaust,
  type FirstParts,
  firstParts,
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

/** What is tried exhaustively, of which some can be begun before its turn. */
interface ExhaustiveTrial {
  /** What needs no results of others. What goes wrong with it is told by `finish`. */
  begin(): Promise<void>;
  /** Nothing of it is wanted any more. */
  drop(): void;
  finish(): Promise<{ readonly facts: ExhaustiveFacts; readonly failures: readonly Failure[] }>;
}

export function exhaustiveTrial(pool: Pool, subject: Subject, how: HowMuch, { stop, progress }: Turn): ExhaustiveTrial {
  const plan = planFor(subject, how);
  const dropped = new AbortController();
  const ended = AbortSignal.any([stop, dropped.signal]);
  let ms = 0;
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const started = performance.now();
    return work.finally(() => {
      ms += performance.now() - started;
    });
  };
  let all = 0;
  let done = 0;
  const run = async (tasks: readonly ExhaustiveTask[]): Promise<readonly ExhaustiveResult[]> => {
    const results: ExhaustiveResult[] = [];
    let next = 0;
    all += tasks.length;
    await inParallel(pool.jobs, () => {
      const index = next++;
      const task = tasks[index];
      if (task === undefined || ended.aborted) return undefined;
      return async () => {
        results[index] = await pool.exhaustive(task);
        progress?.(++done / all, `${done} of ${all} exhaustive batches`);
      };
    });
    return results;
  };
  let first: Promise<FirstParts> | undefined;
  const begun = (): Promise<FirstParts> => {
    first ??= timed(firstParts(run, plan));
    return first;
  };
  return {
    begin: () =>
      begun().then(
        () => {},
        () => {},
      ),
    drop: () => dropped.abort(),
    async finish() {
      const parts = await begun();
      const { failures: found, ...tried } = await timed(exhaust(run, plan, parts, ended));
      const failures = found.map((one) => exhaustiveFailure(one, subject.name));
      return { failures, facts: { ...tried, ms } };
    },
  };
}

const exhaustiveFailure = ({ part, got }: ExhaustiveReport["failures"][number], subject: string): Failure => ({
  ...{ name: `exhaustive, ${part}`, where: "a history", expected: "no oracle to object", got },
  replay: `npx rox gate --only exhaustive${onSubject(subject)}`,
});
