// Small bodies of rows that only a verifier makes: what they compute is what they mean.

import { DEFAULT_ENV } from "../../../impl/jit/env.js";
import { randomSource } from "../../../subjects/random/source.js";
import { CALL_BASE } from "../../../subjects/run/layout.js";
import { verdictOrCrash } from "../check-or-crash.js";
import { compileCode, DEFAULT_BASE, placesFrom } from "../compile.js";
import type { Kind } from "../kind.js";
import { verifierOnlyCase } from "./arbitrary.js";
import type { VerifierOnlyCase } from "./case.js";
import { functionsOf, loweredOf, VerifierOnlyChecker } from "./check.js";
import { minimizeVerifierOnly } from "./shrink.js";
import { parseVerifierOnly, printVerifierOnly } from "./text.js";

export const VERIFIER_ONLY: Kind<VerifierOnlyCase> = {
  name: "kernel rows",
  extension: ".rows",
  what: "rows that only a verifier makes",
  unit: "instruction",
  fresh: (seed, index) => verifierOnlyCase(randomSource(seed, index)),
  /** On the reference engine: no other has exceptions and the registers that per-CPU addresses come from. */
  stage() {
    let rows = new VerifierOnlyChecker();
    const renew = (): void => {
      rows = new VerifierOnlyChecker();
    };
    return { judge: (c) => verdictOrCrash(() => rows.check(c), renew) };
  },
  size: ({ body }) => body.length,
  minimize: minimizeVerifierOnly,
  code(c) {
    const written = functionsOf(c);
    const env = { ...DEFAULT_ENV, callBase: CALL_BASE, ...c.env };
    const code = { index: 0, lowered: loweredOf(c), env, written: (fn: number) => written[fn]!.insns };
    const compiled = compileCode(code, placesFrom(DEFAULT_BASE));
    return compiled.ok ? compiled.value : [];
  },
  print: (c, { title, oracle, id, notes = [] }) => printVerifierOnly(c, { title, oracle, id, notes }),
  parse(text) {
    const parsed = parseVerifierOnly(text);
    return parsed.ok ? { ok: true, value: parsed.value.case, about: parsed.value.lesson } : parsed;
  },
};
