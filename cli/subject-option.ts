// `--subject`, which every command that compiles programs has.

import { Option } from "commander";
import { defaultSubject, SUBJECTS, subjectByName } from "../subjects/index.js";
import type { Subject } from "../subjects/subject.js";
import { complain } from "./command.js";
import type { Io } from "./io.js";

export const subjectOption = (): Option =>
  new Option("--subject <name>", "what is under test").default(defaultSubject.name);

/** Undefined if there is none of that name, and then that was said. */
export function subjectFor(io: Io, name: string): Subject | undefined {
  const subject = subjectByName(name);
  if (subject !== undefined) return subject;
  const expected = `one of ${SUBJECTS.map((known) => known.name).join(", ")}`;
  complain(io, { subject: "--subject", expected, got: JSON.stringify(name), next: "choose one of them" });
  return undefined;
}
