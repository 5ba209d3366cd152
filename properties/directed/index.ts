// All directed cases. Adding one is an entry in the list of its file.

import type { DirectedCase, Subject } from "../../subjects/subject.js";
import { CODE } from "./code.js";
import { ENTRY_AND_EXIT } from "./entry-and-exit.js";
import { EXCEPTION_UNWINDING } from "./exceptions.js";
import { PACKS } from "./packs.js";
import { PATCHING } from "./patching.js";
import { TRAMPOLINES } from "./trampolines.js";
import { VERIFIER } from "./verifier.js";

/** Those of every subject, quick ones first, and those that are about this one alone. */
export const directedCases = (subject: Subject): readonly DirectedCase[] => [
  EXCEPTION_UNWINDING,
  ...TRAMPOLINES,
  ...VERIFIER,
  ...PACKS,
  ...PATCHING,
  ...ENTRY_AND_EXIT,
  ...subject.checks,
  ...CODE,
];
