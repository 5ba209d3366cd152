// The kinds of cases that a campaign tries, each with what checks it.

import type { AnyKind, KindChecker } from "../../properties/cases/kind.js";

export interface Trial extends KindChecker<unknown> {
  readonly kind: AnyKind;
}

/** By the name of their kind. */
export type Trials = Readonly<Record<string, Trial>>;
