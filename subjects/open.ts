// From what `--subject` takes to the subject: `impl`, `FILE.json`, `plugin:PATH`. Threads do it again from the same text.

import { commandSubject } from "./command/index.js";
import { SUBJECTS, subjectByName } from "./index.js";
import type { AnySubject } from "./program-subject.js";

type Opened =
  | { readonly ok: true; readonly subject: AnySubject }
  | { readonly ok: false; readonly expected: string; readonly got: string };

export function openSubject(spec: string): Opened {
  const known = subjectByName(spec);
  if (known !== undefined) return { ok: true, subject: known };
  if (spec.endsWith(".json")) {
    const subject = commandSubject(spec);
    if (typeof subject !== "string") return { ok: true, subject };
    return { ok: false, expected: `the description of a subject in ${spec}`, got: subject };
  }
  const names = SUBJECTS.map(({ name }) => name).join(", ");
  return { ok: false, expected: `one of ${names}, or FILE.json`, got: JSON.stringify(spec) };
}
