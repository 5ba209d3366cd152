// One way to look for a disagreement, a step at a time, so that several can take turns.

/** The smallest failing thing that was found. */
export interface Witness {
  /** Slots of a program, steps of a history; undefined where it cannot be made smaller. */
  readonly size: number | undefined;
  readonly text: string;
}

/** A disagreement. */
export interface Found {
  /** What noticed it: `r0`, `stack`, `compilation`, the name of an oracle. */
  readonly oracle: string;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  /** Make it smaller until `mayGoOn` says no. */
  shrink(mayGoOn: () => boolean): Witness;
}

export interface Search {
  readonly name: string;
  /** Try one more thing. `exhausted`: there was nothing more to try. */
  step(): Found | "nothing" | "exhausted";
}
