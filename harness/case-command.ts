// The shell command that shows a case file again.

import path from "node:path";
import { HISTORIES } from "../properties/cases/history/index.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { shellWord } from "./shell-word.js";

/** Programs and histories have commands that show all there is to see of them; everything else is replayed. */
const COMMANDS: Readonly<Record<string, string>> = {
  [PROGRAMS.extension]: "run",
  [HISTORIES.extension]: "history",
};

export function caseCommand(file: string): string {
  const relative = path.relative(process.cwd(), path.resolve(file));
  const name = shellWord(relative.startsWith("..") ? path.resolve(file) : relative);
  return `npx rox ${COMMANDS[path.extname(file)] ?? "replay"} ${name}`;
}
