// All edges. Adding one is a file and a line here.

import type { DirectedCase } from "../../subjects/directed-case.js";
import { ALIASED_ATOMICS } from "./aliased-atomics.js";
import { BITMAP_RUNS } from "./bitmap-runs.js";
import { BITMASK_ELEMENTS } from "./bitmask-elements.js";
import { BRANCH_HISTORY } from "./branch-history.js";
import { BRANCH_REACH } from "./branch-reach.js";
import { CALL_REACH } from "./call-reach.js";
import { CLASSIC_ENTRY, CONFIGURATIONS } from "./configurations.js";
import { DIVISION_GUARDS } from "./division-guards.js";
import { CHARGE_BEYOND_THE_LIMIT, MISALIGNED_TEXT, PACK_OF_NODES } from "./errors.js";
import { EXCEPTION_UNWINDING } from "./exceptions.js";
import { LOWERINGS } from "./lowerings.js";
import { LAST_CHUNK, RETURNED_PACK, WRONG_FREE } from "./packs.js";
import { LINUX_JUMPS, NEIGHBOURS, POKE_OF_ANOTHER_WORD, POKE_REACH, STALE_JUMP, TRAMPOLINE_RELEASE } from "./pokes.js";
import { REFUSALS } from "./refusals.js";
import { STOPPED_CPUS } from "./stopped-cpus.js";
import { TRAMPOLINE_EXCHANGE } from "./trampoline-exchange.js";
import { TRAMPOLINE_LAYOUTS } from "./trampoline-layout.js";
import { TRAMPOLINE_REFUSAL, TRAMPOLINE_WITHOUT_MEMORY } from "./trampoline-refusal.js";
import {
  BLINDED_CONSTANTS,
  BLINDED_LOAD,
  BLINDED_TOO_FAR,
  INLINED_HELPERS,
  ORIGINS,
  SHIFT_AMOUNTS,
} from "./verifier-rewrites.js";

export const DIRECTED: readonly DirectedCase[] = [
  EXCEPTION_UNWINDING,
  STOPPED_CPUS,
  TRAMPOLINE_EXCHANGE,
  TRAMPOLINE_REFUSAL,
  TRAMPOLINE_RELEASE,
  TRAMPOLINE_WITHOUT_MEMORY,
  DIVISION_GUARDS,
  BLINDED_CONSTANTS,
  BLINDED_LOAD,
  BLINDED_TOO_FAR,
  ORIGINS,
  INLINED_HELPERS,
  SHIFT_AMOUNTS,
  BRANCH_HISTORY,
  MISALIGNED_TEXT,
  PACK_OF_NODES,
  CHARGE_BEYOND_THE_LIMIT,
  BITMAP_RUNS,
  BITMASK_ELEMENTS,
  RETURNED_PACK,
  LAST_CHUNK,
  ...WRONG_FREE,
  ALIASED_ATOMICS,
  LOWERINGS,
  CLASSIC_ENTRY,
  ...LINUX_JUMPS,
  POKE_OF_ANOTHER_WORD,
  STALE_JUMP,
  NEIGHBOURS,
  ...POKE_REACH,
  ...TRAMPOLINE_LAYOUTS,
  ...CONFIGURATIONS,
  ...REFUSALS,
  ...CALL_REACH,
  ...BRANCH_REACH,
];
