// The shell command that shows a case file again.

import path from "node:path";
import { kindOfFile } from "../properties/cases/index.js";
import { defaultSubject } from "../subjects/index.js";
import { OBJECT_EXTENSION } from "./object-file.js";
import { shellWord } from "./shell-word.js";

/** @param subject as `--subject` takes it; undefined for the default */
export function caseCommand(file: string, subject?: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  const name = shellWord(relative.startsWith("..") ? path.resolve(file) : relative);
  const kind = kindOfFile(file);
  const command = kind?.command ?? (file.endsWith(OBJECT_EXTENSION) ? "run" : "replay");
  return `npx rox ${command} ${name}${onSubject(subject)}`;
}

/** What to add to a command for another subject than the default. */
export const onSubject = (subject: string | undefined): string =>
  subject === undefined || subject === defaultSubject.name ? "" : ` --subject ${shellWord(subject)}`;
