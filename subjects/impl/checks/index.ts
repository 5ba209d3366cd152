// Directed cases that are about our own code alone. Adding one is an entry in the list of its file.

import type { DirectedCase } from "../../subject.js";
import { PAGES } from "./pages.js";
import { PARTS } from "./parts.js";
import { REFUSALS } from "./refusals.js";
import { TRACEABLE } from "./traceable.js";
import { LATER_TRAMPOLINES } from "./trampoline-versions.js";
import { TRAMPOLINE_LAYOUTS } from "./trampoline-words.js";
import { LATER } from "./versions.js";
import { WORDS } from "./words.js";

export const CHECKS: readonly DirectedCase[] = [
  ...PARTS,
  ...PAGES,
  ...WORDS,
  ...LATER,
  ...LATER_TRAMPOLINES,
  ...TRAMPOLINE_LAYOUTS,
  ...TRACEABLE,
  ...REFUSALS,
];
