// All ways in which a mutant is looked for, in the order in which they take turns.

import { KINDS } from "../../properties/cases/index.js";
import { conformanceSearch } from "./conformance-search.js";
import { corpusSearch } from "./corpus-search.js";
import { edgeSearch } from "./edge-search.js";
import { encoderSearch } from "./encoder-search.js";
import { kindSearch, resultSearch } from "./kind-search.js";
import { oracleSearch } from "./oracle-search.js";
import { recordedSearch } from "./recorded-search.js";
import type { Search } from "./search.js";

export const makeSearches = (seed: number): readonly Search[] => [
  ...KINDS.map((kind) => kindSearch(kind, seed, kind.share)),
  edgeSearch(),
  encoderSearch(seed),
  recordedSearch(),
  resultSearch(seed),
  oracleSearch(seed),
  conformanceSearch(),
  corpusSearch(),
];
