// What is under test, from what the user calls it. A kernel image is judged past what is known to be wrong with it: see
// `properties/known-defects.ts`.

import { defaultEngine } from "../engines/index.js";
import { findKnownDefects } from "../properties/find-known.js";
import { openSubject } from "../subjects/open.js";
import { type AnySubject, isKernel } from "../subjects/program-subject.js";
import { hasOwnText } from "../subjects/subject.js";
import { type Loaded, loaded, refuse } from "./bad-input.js";

/**
 * @param spec `impl`, `linux:IMAGE`, `FILE.json` or `plugin:PATH`
 * @param how `judged`: known defects of a kernel image are looked for, so that it can be judged past them
 */
export function chooseSubject(spec: string, how: "judged" | "plain" = "judged"): Loaded<AnySubject> {
  const opened = openSubject(spec);
  if (!opened.ok) {
    const { expected, got } = opened;
    return refuse({ subject: "--subject", expected, got, next: "see docs/subjects.md and docs/linux.md" });
  }
  const { subject } = opened;
  const unready = isKernel(subject) ? undefined : subject.unready?.();
  if (unready !== undefined) {
    const expected = `a subject behind ${spec} that can be asked`;
    return refuse({ subject: "--subject", expected, got: unready, next: "see docs/subjects.md and docs/linux.md" });
  }
  if (how === "plain" || !isKernel(subject) || !hasOwnText(subject)) return loaded(subject);
  return loaded({ ...subject, known: findKnownDefects(subject, defaultEngine()) });
}
