// From what `--subject` takes to the subject: `impl`, `linux:IMAGE`, `FILE.json`, `plugin:PATH`. Threads do it again from the
// same text.

import { commandSubject } from "./command/index.js";
import { implOf } from "./impl/profile.js";
import { SUBJECTS, subjectByName } from "./index.js";
import { openLinux } from "./linux/open.js";
import { pluginSubject } from "./plugin/index.js";
import type { AnySubject } from "./program-subject.js";
import { type Subject, VERSIONS } from "./subject.js";

/** Our own JIT as the one of that version is. */
const IN_PROFILE = "impl:linux-";
const LINUX = "linux:";

type Opened =
  | { readonly ok: true; readonly subject: AnySubject }
  | { readonly ok: false; readonly expected: string; readonly got: string };

const PLUGIN = "plugin:";

/** Our own JIT in each of its profiles, the oldest version first. */
export const inProfiles = (): readonly Subject[] => VERSIONS.map(implOf);

export function openSubject(spec: string): Opened {
  const known = subjectByName(spec);
  if (known !== undefined) return { ok: true, subject: known };
  if (spec.startsWith(LINUX)) {
    const opened = openLinux(spec, spec.slice(LINUX.length));
    return opened.ok ? { ok: true, subject: opened.value } : { ok: false, ...opened.error };
  }
  if (spec.endsWith(".json")) {
    const subject = commandSubject(spec);
    if (typeof subject !== "string") return { ok: true, subject };
    return { ok: false, expected: `the description of a subject in ${spec}`, got: subject };
  }
  if (spec.startsWith(PLUGIN)) {
    const subject = pluginSubject(spec.slice(PLUGIN.length));
    if (typeof subject !== "string") return { ok: true, subject };
    return { ok: false, expected: "a plugin of the conformance suite", got: subject };
  }
  if (spec.startsWith(IN_PROFILE)) {
    const version = VERSIONS.find((one) => spec === `${IN_PROFILE}${one}`);
    if (version !== undefined) return { ok: true, subject: implOf(version) };
    return { ok: false, expected: `one of ${VERSIONS.map((one) => IN_PROFILE + one).join(", ")}`, got: spec };
  }
  const names = SUBJECTS.map(({ name }) => name).join(", ");
  return { ok: false, expected: `one of ${names}, linux:IMAGE, FILE.json or plugin:PATH`, got: JSON.stringify(spec) };
}
