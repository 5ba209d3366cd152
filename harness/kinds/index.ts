// All kinds of trials. Adding one is a file and a line here.

import { HISTORIES } from "./histories.js";
import { KERNEL_ROWS } from "./kernel-rows.js";
import type { AnyKind } from "./kind.js";
import { PROGRAMS } from "./programs.js";
import { TRACING } from "./tracing.js";

export const TRIAL_KINDS: readonly AnyKind[] = [PROGRAMS, HISTORIES, KERNEL_ROWS, TRACING];
