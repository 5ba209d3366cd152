// One way to look for a disagreement, a step at a time, so that several can take turns.

import { COMPARISON_ORACLES } from "../../properties/verdict.js";

/** The smallest failing thing that was found. */
export interface Witness {
  /** Instructions of a program, steps of a history; undefined where it cannot be made smaller. */
  readonly size: number | undefined;
  readonly text: string;
}

/** A disagreement. */
export interface Found {
  /** What noticed it: `r0`, `stack`, `compilation`, the name of an oracle. */
  readonly oracle: string;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** Make it smaller until `mayGoOn` says no. */
  shrink(mayGoOn: () => boolean): Witness;
}

export interface Search {
  readonly name: string;
  /** How much of the time it gets, compared with the others. */
  readonly share: number;
  /** Runs only where it is asked for by name: what something less would find, to compare with. */
  readonly isBaseline?: true;
  /** Try one more thing. `exhausted`: there was nothing more to try. */
  step(): Found | "nothing" | "exhausted";
}

/**
 * What noticed a disagreement: `stack[r10 - 8]` and `map 0[3]` are found by the same comparison wherever it is; rules of
 * structure and of memory name themselves in what they say.
 */
export function noticedBy({ where, got, oracle }: Told): string {
  if (oracle !== undefined && !COMPARISONS.includes(oracle)) return oracle;
  const rule = /^(?:function \d+: )?([a-z]+(?:-[a-z]+)+): /.exec(got)?.[1];
  if (rule !== undefined) return rule;
  if (where === "outcome") return /AAPCS64/.test(got) ? "aapcs64-contract" : where;
  return /^r\d$/.test(where) ? "registers" : where.replace(/(\[| \d|, ).*$/, "");
}
interface Told {
  readonly where: string;
  readonly got: string;
  /** Who objects, where that is known. */
  readonly oracle?: string;
}
const COMPARISONS: readonly string[] = COMPARISON_ORACLES;
