// All traps. Adding one is a row in the file of its group.

import { CACHES } from "./caches.js";
import { EXECUTABLE_MEMORY } from "./executable-memory.js";
import { FIXMAP } from "./fixmap.js";
import { HEAP } from "./heap.js";
import { LOCKDEP } from "./lockdep.js";
import { LOCKS } from "./locks.js";
import { PROGRAMS } from "./programs.js";
import { RANDOM } from "./random.js";
import { REPORTS } from "./reports.js";
import { SURROUNDINGS } from "./surroundings.js";
import type { TrapRow } from "./trap.js";

export const TRAPS: readonly TrapRow[] = [
  ...HEAP,
  ...EXECUTABLE_MEMORY,
  ...FIXMAP,
  ...CACHES,
  ...LOCKS,
  ...LOCKDEP,
  ...PROGRAMS,
  ...RANDOM,
  ...REPORTS,
  ...SURROUNDINGS,
];
