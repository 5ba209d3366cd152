// All ways in which a mutant is looked for, in the order in which they take turns.

import { TRIAL_KINDS } from "../../properties/cases/index.js";
import type { Kind } from "../../properties/cases/kind.js";
import { conformanceSearch } from "./conformance-search.js";
import { corpusSearch } from "./corpus-search.js";
import { edgeSearch } from "./edge-search.js";
import { encoderSearch } from "./encoder-search.js";
import { kindSearch, resultSearch } from "./kind-search.js";
import { oracleSearch } from "./oracle-search.js";
import { recordedSearch } from "./recorded-search.js";
import type { Search } from "./search.js";

/** How much of the time each kind gets. */
const SHARES: Readonly<Record<Kind<unknown>["name"], number>> = {
  programs: 3,
  histories: 2,
  "kernel rows": 1,
  tracing: 1,
};

export const makeSearches = (seed: number): readonly Search[] => [
  ...TRIAL_KINDS.map((kind) => kindSearch(kind, seed, SHARES[kind.name])),
  edgeSearch(),
  encoderSearch(seed),
  recordedSearch(),
  resultSearch(seed),
  oracleSearch(seed),
  conformanceSearch(),
  corpusSearch(),
];
