// What a run over all mutants comes to, as data.

import type { BadInput } from "../bad-input.js";
import type { Variant } from "./collection.js";
import type { Outcome } from "./run-child.js";
import type { SearchResult } from "./search-mutant.js";
import type { Witness } from "./searches.js";

export type MutantResult = Pick<Variant, "id" | "title" | "group" | "reenacts"> &
  SearchResult & {
    /** Why it may survive. */
    readonly equivalent?: string;
    readonly witness?: Witness;
  };

export interface MutantsReport {
  readonly command: "mutants";
  readonly ok: boolean;
  /** Mutants that ran, and of those that are not argued to be equivalent. */
  readonly total: number;
  readonly killed: number;
  /** Ids. */
  readonly survivors: readonly string[];
  /** Ids of survivors with a written argument: neither in `total` nor in `survivors`. */
  readonly equivalent: readonly string[];
  /** Of the search, over the killed. */
  readonly medianSeconds: number;
  readonly worstSeconds: number;
  /** Killed mutants by oracle. */
  readonly oracles: Readonly<Record<string, number>>;
  readonly seed: number;
  readonly budgetMs: number;
  readonly jobs: number;
  readonly durationMs: number;
  readonly interrupted: boolean;
  /** Why nothing below counts: the unchanged sources were killed. */
  readonly control: string | undefined;
  readonly results: readonly MutantResult[];
  /** Ids of automatic ones that do not compile, and so did not run. */
  readonly broken: readonly string[];
  /** Edits of machine code that have no place in this image: they did not run. */
  readonly absent?: readonly { readonly id: string; readonly title: string; readonly why: string }[];
  /** Planted ones that cannot be read, do not apply any more or do not compile: the run counts as failed. */
  readonly unreadable: readonly BadInput[];
}

export const resultOf = (mutant: Variant, { result, witness }: Outcome): MutantResult => ({
  ...{ id: mutant.id, title: mutant.title, group: mutant.group, reenacts: mutant.reenacts },
  ...result,
  ...(mutant.equivalent === undefined ? {} : { equivalent: mutant.equivalent }),
  ...(witness === undefined ? {} : { witness }),
});

/** Of what is under test without any mutant; undefined if it passes. */
export const whyItFails = ({ result }: Outcome): string | undefined =>
  result.kind === "killed" ? `${result.where}: ${result.got}` : undefined;

export type RunFacts = Pick<
  MutantsReport,
  | "seed"
  | "budgetMs"
  | "jobs"
  | "durationMs"
  | "interrupted"
  | "control"
  | "results"
  | "broken"
  | "unreadable"
  | "absent"
>;

export function makeMutantsReport(facts: RunFacts): MutantsReport {
  const killed = facts.results.filter((result) => result.kind === "killed");
  const survived = facts.results.filter((result) => result.kind === "survived");
  const equivalent = survived.filter((result) => result.equivalent !== undefined);
  const survivors = survived.filter((result) => result.equivalent === undefined).map(({ id }) => id);
  const seconds = killed.map((result) => result.seconds).toSorted((a, b) => a - b);
  const oracles: Record<string, number> = {};
  for (const { oracle } of killed) oracles[oracle] = (oracles[oracle] ?? 0) + 1;
  return {
    command: "mutants",
    ok:
      !facts.interrupted &&
      survivors.length === 0 &&
      killed.length + equivalent.length > 0 &&
      facts.control === undefined &&
      facts.unreadable.length === 0,
    total: killed.length + survivors.length,
    killed: killed.length,
    survivors,
    equivalent: equivalent.map(({ id }) => id),
    medianSeconds: seconds[seconds.length >> 1] ?? 0,
    worstSeconds: seconds.at(-1) ?? 0,
    oracles,
    ...facts,
  };
}

/** 0 all killed, 1 a survivor, 2 nothing to run or unusable mutants, 130 interrupted. */
export function mutantsExitCode(report: MutantsReport): number {
  if (report.interrupted) return 130;
  if (report.control !== undefined || report.unreadable.length > 0 || report.results.length === 0) return 2;
  return report.ok ? 0 : 1;
}
