// The known defects of Linux that a subject was found to have, as every summary of a run on it names them.

import type { KnownDefect } from "../../properties/known-defects.js";
import { wrap } from "./text.js";

export const knownDefectLines = (defects: readonly KnownDefect[], columns: number): string[] =>
  defects.length === 0
    ? []
    : [
        "known defects of Linux in the image, which was judged past them:",
        ...defects.flatMap(({ id, title }) => wrap(`- ${id}: ${title}`.split(" "), columns, "  ")),
      ];
