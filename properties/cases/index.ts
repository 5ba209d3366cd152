// All kinds of trials. Adding one is a file and a line here.

import { HISTORIES } from "./history/index.js";
import type { AnyKind } from "./kind.js";
import { PROGRAMS } from "./program/index.js";
import { TRAMPOLINES } from "./trampoline/index.js";
import { VERIFIER_ONLY } from "./verifier-only/index.js";

export const TRIAL_KINDS: readonly AnyKind[] = [PROGRAMS, HISTORIES, VERIFIER_ONLY, TRAMPOLINES];
