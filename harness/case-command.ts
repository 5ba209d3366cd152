// The shell command that shows a case file again.

import path from "node:path";
import { kindOfFile } from "../properties/cases/index.js";
import { OBJECT_EXTENSION } from "./object-file.js";
import { shellWord } from "./shell-word.js";

export function caseCommand(file: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  const name = shellWord(relative.startsWith("..") ? path.resolve(file) : relative);
  const kind = kindOfFile(file);
  return `npx rox ${kind?.command ?? (file.endsWith(OBJECT_EXTENSION) ? "run" : "replay")} ${name}`;
}
