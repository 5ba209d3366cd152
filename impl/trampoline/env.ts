// What the bytes of a trampoline depend on beside what is attached: the kernel's configuration and the functions of it
// that trampolines call. All addresses are the low 48 bits.

import type { Va } from "../../machine/address.js";
import type { JitEnv } from "../jit/env.js";

/** Functions that are called around a program: `enter` returns 0 if the program must not run now. */
export interface EnterExit {
  readonly enter: Va;
  readonly exit: Va;
}
export const PROG_ENTRIES = ["plain", "sleepable", "recur", "sleepableRecur", "lsmCgroup"] as const;
export type ProgEntry = (typeof PROG_ENTRIES)[number];

export interface TrampolineEnv extends Pick<JitEnv, "bti" | "changes" | "dummyTramp" | "quirks"> {
  /** Around the original function: they keep the trampoline alive meanwhile (kernel: `__bpf_tramp_enter`, `_exit`). */
  readonly original: EnterExit;
  /** Kernel: `__bpf_prog_enter` and `__bpf_prog_exit`, with these suffixes. */
  readonly prog: Readonly<Record<ProgEntry, EnterExit>>;
}
