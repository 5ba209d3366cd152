// Small bodies of verifier-only instructions: what they compute is what they mean.

import type { Insn } from "../../../spec/bpf/insn.js";
import { defaultSubject } from "../../../subjects/index.js";
import { randomSource } from "../../../subjects/random/source.js";
import { CALL_BASE } from "../../../subjects/run/layout.js";
import { DEFAULT_ENV, type Subject } from "../../../subjects/subject.js";
import { operandsOf } from "../../coverage/operands.js";
import { pointText } from "../../coverage/point.js";
import { comparedOrNot } from "../../differences/compare.js";
import { sidesOf } from "../../differences/images.js";
import { otherCode } from "../../differences/same-code.js";
import { hasOwnCode, inKernelWhile } from "../../in-kernel.js";
import { knownInCode } from "../../known-code.js";
import type { Disagreement, Verdict } from "../../verdict.js";
import { compileCode, DEFAULT_BASE, placesFrom } from "../compile.js";
import { type Kind, plainChecker } from "../kind.js";
import { verifierOnlyCase } from "./arbitrary.js";
import { PLAIN, type VerifierOnlyCase } from "./case.js";
import { functionsOf, loweredOf, ofVersion, VerifierOnlyChecker } from "./check.js";
import { minimizeVerifierOnly } from "./shrink.js";
import { parseVerifierOnly, printVerifierOnly } from "./text.js";

/** Kinds of instructions with known defects that show in their own words. */
const DEFECTIVE: ReadonlySet<string> = new Set(["storeImm", "atomic"]);

/**
 * What was built keeps its own exception level and its own landing pads, and goes by its own CPU's state where a program was
 * classic BPF, which nobody has set up; what its JIT does not know, or is known to do wrong,
 * is left out, so that the rest is compared.
 */
function adaptTo(subject: Subject): ((c: VerifierOnlyCase) => VerifierOnlyCase) | undefined {
  const { build } = subject;
  if (build === undefined) return undefined;
  const env = { ...DEFAULT_ENV, ...build };
  return (c) => {
    const forms = subject.forms?.();
    const here = { ...c, version: undefined, classic: undefined, env: { ...c.env, vhe: false, bti: env.bti } };
    const isSound = (one: Insn): boolean =>
      // Here a helper is called for its inlined body alone.
      (subject.lacksInlining !== true || one.row.id !== "call helper") &&
      (forms === undefined || forms.has(one.row.id)) &&
      (!DEFECTIVE.has(one.row.kind) ||
        knownInCode(subject, [loweredOf({ ...here, body: [one] }, build.changes)], { ...env, ...here.env }) ===
          undefined);
    const body = here.body.filter(isSound);
    // A case without instructions is none: its file would not read back.
    return { ...here, body: body.length === 0 ? [PLAIN] : body };
  };
}

/** Where its profile says that the code must be that of our own JIT. */
function differsFromImpl(subject: Subject) {
  if (subject.profile === undefined) return undefined;
  const sides = sidesOf(defaultSubject, subject);
  return (c: VerifierOnlyCase) => {
    const compared = comparedOrNot(c, sides);
    const [difference] = typeof compared === "string" || compared.kind === "refused" ? [] : compared.differences;
    if (difference === undefined) return undefined;
    return subject.isExact === true ? { ...difference, judged: otherCode(difference) } : difference;
  };
}

export const VERIFIER_ONLY: Kind<VerifierOnlyCase> = {
  name: "verifier-only",
  oldNames: ["kernel-rows", "rows"],
  extension: ".verifier",
  oldExtensions: [".rows"],
  what: "verifier-only instructions",
  unit: "instruction",
  share: 1,
  turns: 1,
  chunk: 50,
  command: "replay",
  fresh: (seed, index) => verifierOnlyCase(randomSource(seed, index)),
  /** On the reference engine: no other has exceptions and the registers that per-CPU addresses come from. */
  checker(subject) {
    // Made by the first case: a kernel that cannot load anything says so there.
    let checker: VerifierOnlyChecker | undefined;
    const renew = (): void => {
      checker = undefined;
    };
    const check = (c: VerifierOnlyCase): Verdict => {
      checker ??= new VerifierOnlyChecker(subject);
      return checker.check(c);
    };
    return plainChecker(check, {
      renew,
      points: ({ body, env, version, isBlinded, isCalled }, { kind }) =>
        body.map((insn) => {
          const how = [env.lse ? "lse" : "ll-sc", env.vhe ? "vhe" : "nvhe", isBlinded ? "blinded" : "plain"];
          const called = `${isCalled ? " called" : ""}${version === undefined ? "" : " later"}`;
          return pointText(`verifier-only ${insn.row.id}`, operandsOf(insn), `${how.join(" ")}${called}`, kind);
        }),
      adapt: adaptTo(subject),
      differs: differsFromImpl(subject),
      ...(hasOwnCode(subject) && {
        inKernel: (c: VerifierOnlyCase, found: Disagreement) =>
          inKernelWhile(
            subject,
            found,
            (heard) => new VerifierOnlyChecker(heard),
            (one) => one.check(c),
          ),
      }),
      blame: ({ body }) => body.at(-1)?.row.id ?? "?",
    });
  },
  size: ({ body }) => body.length,
  minimize: minimizeVerifierOnly,
  code(c) {
    const written = functionsOf(c);
    const env = { ...DEFAULT_ENV, callBase: CALL_BASE, ...ofVersion(c.version), ...c.env };
    const code = { index: 0, lowered: loweredOf(c, env.changes), env, written: (fn: number) => written[fn]!.insns };
    const compiled = compileCode(code, placesFrom(DEFAULT_BASE));
    return compiled.ok ? compiled.value : [];
  },
  print: printVerifierOnly,
  parse: parseVerifierOnly,
};
