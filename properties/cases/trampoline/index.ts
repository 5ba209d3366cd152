// What is attached to a function, through trampolines and pokes: nobody can tell it from the list of steps.

import { randomSource } from "../../../subjects/random/source.js";
import { EXCEPTION, verdictOrCrash } from "../check-or-crash.js";
import type { Kind } from "../kind.js";
import { withoutNumbers } from "../objection.js";
import { checkTrampolineCase, programsOf, type TrampolineCase, trampolineCase } from "./case.js";
import { minimizeTrampoline } from "./shrink.js";
import { parseTrampolineCase, printTrampolineCase } from "./text.js";

/** Of what attached programs see and answer. */
export const TRAMPOLINE_ORACLE = "trampoline";

export const TRAMPOLINES: Kind<TrampolineCase> = {
  name: "tracing",
  extension: ".tracing",
  what: "programs attached to a function",
  unit: "attached program",
  fresh: (seed, index) => trampolineCase(randomSource(seed, index)),
  /** On the reference engine: no other tells where frames are while the kernel's functions run. */
  stage: () => ({
    judge(c) {
      const verdict = verdictOrCrash(() => checkTrampolineCase(c));
      if (verdict.kind !== "disagree") return verdict;
      const isException = verdict.where === EXCEPTION;
      const reason = isException ? withoutNumbers(verdict.got) : "objects";
      return { ...verdict, oracle: isException ? "no-exception" : TRAMPOLINE_ORACLE, reason };
    },
  }),
  size: programsOf,
  minimize: minimizeTrampoline,
  print: (c, { title, oracle, id, notes = [] }) => printTrampolineCase(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseTrampolineCase(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
