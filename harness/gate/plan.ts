// What the gate is made of, by the names that --only takes, and how many cases of each kind it tries.

import { KINDS } from "../../properties/cases/index.js";
import type { AnyKind } from "../../properties/cases/kind.js";
import type { KindPlan } from "./tally.js";

/** In the order of their work. The kinds of cases are parts by their names. */
export const partNames = (kinds: readonly AnyKind[] = KINDS): readonly string[] => [
  ...["corpus", "directed", "encoders"],
  ...kinds.map(({ name }) => name),
  "exhaustive",
];

const OLD_PARTS: ReadonlyMap<string, string> = new Map([
  ["edges", "directed"],
  ["small-scope", "exhaustive"],
  ["sequences", "histories"],
  ...KINDS.flatMap(({ name, oldNames = [] }) => oldNames.map((old) => [old, name] as const)),
]);

/** The present name of a part; undefined if there is none of that name. */
export function partNamed(name: string, kinds: readonly AnyKind[] = KINDS): string | undefined {
  const present = OLD_PARTS.get(name) ?? name;
  return partNames(kinds).includes(present) ? present : undefined;
}

interface PlanOptions {
  /** Programs. */
  readonly programs: number;
  readonly from: number;
  readonly budgetMs: number;
  /** Cases of the other kinds; a kind that is not named has `others`. */
  readonly cases: Readonly<Record<string, number | undefined>>;
  readonly others: number;
}

/** A number of cases of each kind, and a time for the first if one is given. A kind that is a list is gone through whole. */
export function kindPlans(
  isWanted: (part: string) => boolean,
  { programs, from, budgetMs, cases, others }: PlanOptions,
  kinds: readonly AnyKind[] = KINDS,
): readonly KindPlan[] {
  return kinds.flatMap(({ name, count }, i): readonly KindPlan[] => {
    if (!isWanted(name)) return [];
    if (i === 0) return [{ kind: name, from, cases: programs, budgetMs }];
    return [{ kind: name, from: 0, cases: cases[name] ?? count ?? others, budgetMs: Number.POSITIVE_INFINITY }];
  });
}
