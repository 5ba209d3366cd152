// What directed cases about trampolines trace.

import { type ProgramPlan, type TrampolineSetup, WORD } from "../../subjects/trampoline/setup.js";

export const PROGRAM: ProgramPlan = {
  ...{ cookie: 7n, sleepable: false, recursionChecked: true, lsmCgroup: false },
  ...{ jited: true, start: 3n, result: 0n },
};
/** A program with one attached before it and one behind. */
export const TRACED_PROGRAM: TrampolineSetup = {
  ...{ target: "jit", helpersFar: false, bti: false, args: [WORD], values: [5n], original: 11n },
  ...{ fentry: [PROGRAM], fmodRet: [], fexit: [PROGRAM], fsession: [] },
  ...{ ipArg: false, returns: false, moment: 0 },
};
/** Nothing is attached to it yet. */
export const UNTRACED_FUNCTION: TrampolineSetup = {
  ...TRACED_PROGRAM,
  ...{ target: "near", values: [0n], original: 0n, fentry: [], fexit: [] },
};
