// What is attached to a function, through trampolines and pokes: nobody can tell it from the list of steps.

import { minimizeTracing } from "../../properties/trampoline/shrink.js";
import { parseTracingCase, printTracingCase } from "../../properties/trampoline/text.js";
import {
  checkTracingCase,
  programsOf,
  type TracingCase,
  tracingCase,
} from "../../properties/trampoline/tracing-case.js";
import { EXCEPTION, verdictOrCrash } from "../check-or-crash.js";
import { randomSource } from "../gate/random-source.js";
import type { Kind } from "./kind.js";
import { withoutNumbers } from "./objection.js";

/** Of what attached programs see and answer. */
export const TRACING_ORACLE = "trampoline";

export const TRACING: Kind<TracingCase> = {
  name: "tracing",
  extension: ".tracing",
  what: "programs attached to a function",
  unit: "attached program",
  fresh: (seed, index) => tracingCase(randomSource(seed, index)),
  /** On the reference engine: no other tells where frames are while the kernel's functions run. */
  stage: () => ({
    judge(c) {
      const verdict = verdictOrCrash(() => checkTracingCase(c));
      if (verdict.kind !== "disagree") return verdict;
      const isException = verdict.where === EXCEPTION;
      const reason = isException ? withoutNumbers(verdict.actual) : "objects";
      return { ...verdict, oracle: isException ? "no-exception" : TRACING_ORACLE, reason };
    },
  }),
  size: programsOf,
  minimize: minimizeTracing,
  print: (c, { title, oracle, id, notes = [] }) => printTracingCase(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseTracingCase(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
