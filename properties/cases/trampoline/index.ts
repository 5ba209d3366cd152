// What is attached to a function, through trampolines and pokes: nobody can tell it from the list of steps.

import { randomSource } from "../../../subjects/random/source.js";
import { pointText } from "../../coverage/point.js";
import { type Kind, plainChecker } from "../kind.js";
import { trampolineCase } from "./arbitrary.js";
import { programsOf, type TrampolineCase } from "./case.js";
import { checkTrampolineCase } from "./check.js";
import { minimizeTrampoline } from "./shrink.js";
import { parseTrampolineCase, printTrampolineCase } from "./text.js";

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
  /** On the reference engine: no other tells where frames are while the kernel's functions run. */
  checker: (subject) =>
    plainChecker((c) => checkTrampolineCase(c, subject), {
      points(c, { kind }) {
        const { target, args, fentry, fmodRet, fexit, moment } = c.setup;
        const attached = `${fentry.length}+${fmodRet.length}+${fexit.length}`;
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
      blame: ({ setup: { target } }) => target,
    }),
  size: programsOf,
  minimize: minimizeTrampoline,
  print: printTrampolineCase,
  parse: parseTrampolineCase,
};
