// All ways in which a mutant is looked for, in the order in which they take turns.

import { conformanceSearch } from "./conformance-search.js";
import { edgeSearch } from "./edge-search.js";
import { historySearch } from "./history-search.js";
import { kernelRowSearch } from "./kernel-row-search.js";
import { programSearch, resultSearch } from "./program-search.js";
import { recordedSearch } from "./recorded-search.js";
import type { Search } from "./search.js";
import { trampolineSearch } from "./trampoline-search.js";

export const makeSearches = (seed: number): readonly Search[] => [
  programSearch(seed),
  historySearch(seed),
  kernelRowSearch(seed),
  edgeSearch(),
  trampolineSearch(seed),
  recordedSearch(),
  resultSearch(seed),
  conformanceSearch(),
];
