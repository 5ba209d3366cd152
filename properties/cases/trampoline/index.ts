// What is attached to a function, through trampolines and pokes: nobody can tell it from the list of steps.

import type { Engine } from "../../../engines/engine.js";
import { randomSource } from "../../../subjects/random/source.js";
import type { FuncArg, Subject } from "../../../subjects/subject.js";
import { passed, type TrampolineSetup } from "../../../subjects/trampoline/setup.js";
import { pointText } from "../../coverage/point.js";
import { hasOwnCode, inKernelWhile } from "../../in-kernel.js";
import type { Disagreement, Verdict } from "../../verdict.js";
import { type Kind, plainChecker } from "../kind.js";
import { trampolineCase } from "./arbitrary.js";
import { plain, programsOf, type TrampolineCase } from "./case.js";
import { checkTrampolineCase } from "./check.js";
import { minimizeTrampoline } from "./shrink.js";
import { parseTrampolineCase, printTrampolineCase } from "./text.js";

/** Where nothing of a kernel or of this machine lies: the code of a built kernel stores into the record. */
const FREE = 0xffff_a000_0000_0000n;
const FREE_BITS = 44;

type Changes = NonNullable<Subject["build"]>["changes"];

/** A built kernel's heap has addresses of its own half, of multiples of 8; older ones have neither sessions nor stack words, and the first no structs. */
function adaptTo(subject: Subject): ((c: TrampolineCase) => TrampolineCase) | undefined {
  const { build } = subject;
  if (build === undefined) return undefined;
  const { changes } = build;
  return ({ setup, record }) => {
    const passesAll = subject.passesStructs?.() !== false;
    const args = passesAll ? setup.args : setup.args.filter(({ isStruct }) => !isStruct);
    const taken = { ...setup, args: withoutStack(args, changes) };
    const known = changes.sessions ? taken : { ...taken, fsession: [], ...asFentry(taken) };
    const heap = record === undefined ? undefined : FREE | (BigInt.asUintN(FREE_BITS, record) & ~7n);
    return plain({ setup: known, record: heap });
  };
}

/** What a case of somebody else's asks for that a built kernel does not have. */
function lacking({ build, passesStructs }: Subject, { setup: { args, fsession } }: TrampolineCase): string | undefined {
  if (build === undefined) return undefined;
  const { changes } = build;
  if (!changes.sessions && fsession.length > 0) return "programs around a call (fsession)";
  if (passesStructs?.() === false && args.some(({ isStruct }) => isStruct))
    return "structs as arguments of a traced function";
  const left = args[withoutStack(args, changes).length];
  if (left === undefined) return undefined;
  return `${left.isStruct ? "structs" : "words"} on the stack as arguments of a traced function`;
}

/** The arguments up to the first one on the stack that is not taken there. */
const withoutStack = (args: readonly FuncArg[], { stackWords, stackStructs }: Changes): readonly FuncArg[] => {
  const isTaken = ({ isStruct }: FuncArg): boolean => stackWords && (stackStructs || !isStruct);
  const end = args.findIndex((arg, i) => passed(args.slice(0, i + 1)).stack.length > 0 && !isTaken(arg));
  return end < 0 ? args : args.slice(0, end);
};

function checked(c: TrampolineCase, subject: Subject, engine: Engine | undefined): Verdict {
  const missing = lacking(subject, c);
  return missing === undefined ? checkTrampolineCase(c, subject, engine) : { kind: "refused", missing };
}

/** At the entry alone. */
const asFentry = ({ fentry, fsession }: TrampolineSetup): Pick<TrampolineSetup, "fentry"> => ({
  fentry: [...fentry, ...fsession.map(({ leaves: _, ...plan }) => plan)],
});

export const TRAMPOLINES: Kind<TrampolineCase> = {
  name: "trampolines",
  oldNames: ["tracing"],
  extension: ".trampoline",
  oldExtensions: [".tracing"],
  what: "programs attached to a function",
  unit: "attached program",
  share: 1,
  turns: 1,
  chunk: 50,
  command: "replay",
  fresh: (seed, index) => trampolineCase(randomSource(seed, index)),
  checker: (subject, [engine]) =>
    plainChecker((c) => checked(c, subject, engine), {
      points(c, { kind }) {
        const { target, args, fentry, fmodRet, fexit, fsession, moment } = c.setup;
        const both = fsession.length === 0 ? "" : `+${fsession.length} sessions`;
        const attached = `${fentry.length}+${fmodRet.length}+${fexit.length}${both}`;
        const where = c.record === undefined ? "on the heap" : "anywhere";
        return [
          pointText(`trampoline ${target}`, `${args.length} arguments`, attached, kind),
          pointText(
            `trampoline ${target}`,
            `${programsOf(c)} programs`,
            `record ${where}`,
            moment === undefined ? "alone" : "interleaved",
          ),
        ];
      },
      ...(hasOwnCode(subject) && {
        inKernel: (c: TrampolineCase, found: Disagreement) =>
          inKernelWhile(
            subject,
            found,
            (heard) => heard,
            (heard) => checkTrampolineCase(c, heard, engine),
          ),
      }),
      blame: ({ setup: { target } }) => target,
      adapt: adaptTo(subject),
    }),
  size: programsOf,
  minimize: minimizeTrampoline,
  print: printTrampolineCase,
  parse: parseTrampolineCase,
};
