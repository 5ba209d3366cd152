// Kinds that are tried fresh only: rows that a verifier makes, and tracing. Their cells say which sorts of cases were tried.

import type { Engine } from "../../engines/engine.js";
import type { Kind, Stage } from "../../properties/cases/kind.js";
import { programsOf, type TrampolineCase } from "../../properties/cases/trampoline/case.js";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import type { VerifierOnlyCase } from "../../properties/cases/verifier-only/case.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { operandsOf } from "../../properties/coverage/operands.js";
import type { Verdict } from "../../properties/verdict.js";
import { NO_COST, type Trial } from "./trial.js";

export const kernelRowTrial = (engine: Engine): Trial<VerifierOnlyCase> =>
  plainTrial(VERIFIER_ONLY, engine, {
    cells: ({ body, env, isBlinded, isCalled }, { kind }) =>
      body.map((insn) => {
        const how = [env.lse ? "lse" : "ll-sc", env.vhe ? "vhe" : "nvhe", isBlinded ? "blinded" : "plain"];
        return `rows ${insn.row.id}|${operandsOf(insn)}|${how.join(" ")}${isCalled ? " called" : ""}|${kind}`;
      }),
    blame: ({ body }) => body.at(-1)?.row.id ?? "?",
  });

export const tracingTrial = (engine: Engine): Trial<TrampolineCase> =>
  plainTrial(TRAMPOLINES, engine, {
    cells(c, { kind }) {
      const { target, args, fentry, fmodRet, fexit, moment } = c.setup;
      const attached = `${fentry.length}+${fmodRet.length}+${fexit.length}`;
      const where = c.record === undefined ? "on the heap" : "anywhere";
      return [
        `tracing ${target}|${args.length} arguments|${attached}|${kind}`,
        `tracing ${target}|${programsOf(c)} programs|record ${where}|${moment === undefined ? "alone" : "meanwhile"}`,
      ];
    },
    blame: ({ setup: { target } }) => target,
  });

interface Said<C> {
  cells(c: C, judged: Verdict): Iterable<string>;
  blame(c: C): string;
}

function plainTrial<C>(kind: Kind<C>, engine: Engine, { cells, blame }: Said<C>): Trial<C> {
  let made: Stage<C> | undefined;
  const judge = (c: C): Verdict => {
    made ??= kind.stage(engine);
    return made.judge(c);
  };
  return {
    kind,
    check(c) {
      const judged = judge(c);
      return { judged, cells: cells(c, judged), cost: NO_COST };
    },
    judge,
    blame,
    lesson: (c, about) => kind.print(c, about),
  };
}
