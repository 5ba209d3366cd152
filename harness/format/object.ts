// What is in an object file, as text.

import type { ListedProgram } from "../object-file.js";
import { table } from "./text.js";

export const formatPrograms = (programs: readonly ListedProgram[]): string[] =>
  table(
    [
      ["section", "function", "kind", "context", "slots"],
      ...programs.map(({ section, function: name, kind, context, slots }) => [
        section,
        name,
        kind,
        context,
        `${slots}`,
      ]),
    ],
    [4],
  );
