// All directed cases. Adding one is an entry in the list of its file.

import type { DirectedCase, Subject } from "../../subjects/subject.js";
import { branchesLand } from "../oracles/code/branches-land.js";
import { callsReach } from "../oracles/code/calls-reach.js";
import { exceptionEntries } from "../oracles/code/exception-entries.js";
import { landingPads } from "../oracles/code/landing-pads.js";
import type { Oracle } from "../oracles/oracle.js";
import { BLINDING } from "./blinding.js";
import { CODE } from "./code.js";
import { ENTRY_AND_EXIT } from "./entry-and-exit.js";
import { EXCEPTION_UNWINDING } from "./exceptions.js";
import { FAULTING_LOADS } from "./faulting-loads.js";
import { FORMS } from "./forms.js";
import { INTERPRETERS } from "./interpreters.js";
import { PACKS } from "./packs.js";
import { PATCHING } from "./patching.js";
import { PRIVATE_STACKS } from "./private-stack.js";
import { TRAMPOLINES } from "./trampolines.js";
import { VERIFIER } from "./verifier.js";

/** All: those of the subject, and those that the interpreters are asked whatever it is. */
export const directedCases = (subject: Subject): readonly DirectedCase[] => [...subjectCases(subject), ...INTERPRETERS];

/** Those that say something of the subject, quick ones first, and those that are about this one alone. */
export const subjectCases = (subject: Subject): readonly DirectedCase[] => [
  ...FORMS,
  ...VERIFIER,
  ...BLINDING,
  ...subject.checks,
  ...PACKS,
  ...unlessMuted(subject, branchesLand, [...PRIVATE_STACKS, ...CODE]),
  ...PATCHING,
  ...unlessMuted(subject, callsReach, [EXCEPTION_UNWINDING]),
  ...unlessMuted(subject, exceptionEntries, FAULTING_LOADS),
  ...TRAMPOLINES,
  ...unlessMuted(subject, landingPads, ENTRY_AND_EXIT),
];

/** Cases of what an oracle says, where the subject lets it speak. */
const unlessMuted = ({ mute }: Subject, { name }: Oracle, cases: readonly DirectedCase[]): readonly DirectedCase[] =>
  mute.has(name) ? [] : cases;
