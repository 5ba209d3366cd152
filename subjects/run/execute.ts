// The one place where code is run: on the mapped kernel stack, with the task in SP_EL0, from an entry to its return.

import type { Engine, EngineOutcome, EngineRun } from "../../engines/engine.js";
import { pointer } from "../../machine/address.js";
import type { SubjectKernel } from "../subject.js";
import { ENTRY_SP, STACK, TASK } from "./layout.js";

/** SP_EL0 holds the running task. */
const SYSTEM = { spEl0: pointer(TASK.base), tpidrEl1: 0n, tpidrEl2: 0n };
const NO_TRAPS: EngineRun["traps"] = new Map();
/**
 * Which store-exclusives fail: by this seed the first one of every run and one in four of the others, so that each loop
 * around one goes back at least once.
 */
const SPURIOUS_FAILURES = 20;

/** What differs from run to run; everything else is as the kernel enters a program. */
type Execute = Pick<EngineRun, "machine" | "entry" | "args" | "fuel"> & Partial<EngineRun>;

export const execute = (engine: Engine, run: Execute): EngineOutcome =>
  // Written out: this is done for every run, and to spread an object takes as long as a short program.
  engine.run({
    machine: run.machine,
    cpu: run.cpu ?? 0,
    entry: run.entry,
    args: run.args,
    stackTop: run.stackTop ?? ENTRY_SP,
    stackLow: run.stackLow ?? STACK.base,
    fuel: run.fuel,
    traps: run.traps ?? NO_TRAPS,
    spuriousFailures: run.spuriousFailures ?? SPURIOUS_FAILURES,
    bti: run.bti,
    system: run.system ?? SYSTEM,
    fixup: run.fixup,
    trace: run.trace,
  });

/** These traps, and what runs in place of called code that the machine does not have. */
export const trapsOf = (kernel: SubjectKernel, traps: EngineRun["traps"] = NO_TRAPS): EngineRun["traps"] =>
  kernel.traps === undefined ? traps : new Map([...traps, ...kernel.traps(traps)]);
