// What is attached to a function, through trampolines and pokes: nobody can tell it from the list of steps.

import { randomSource } from "../../../subjects/random/source.js";
import { verdictOrCrash } from "../check-or-crash.js";
import type { Kind } from "../kind.js";
import { checkTrampolineCase, programsOf, type TrampolineCase, trampolineCase } from "./case.js";
import { minimizeTrampoline } from "./shrink.js";
import { parseTrampolineCase, printTrampolineCase } from "./text.js";

export const TRAMPOLINES: Kind<TrampolineCase> = {
  name: "tracing",
  extension: ".tracing",
  what: "programs attached to a function",
  unit: "attached program",
  fresh: (seed, index) => trampolineCase(randomSource(seed, index)),
  /** On the reference engine: no other tells where frames are while the kernel's functions run. */
  stage: () => ({ judge: (c) => verdictOrCrash(() => checkTrampolineCase(c)) }),
  size: programsOf,
  minimize: minimizeTrampoline,
  print: (c, { title, oracle, id, notes = [] }) => printTrampolineCase(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseTrampolineCase(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
