// The kind of case that is a program to run: `.bpf`.

import type { Engine } from "../../engines/engine.js";
import { type Check, checkExpected } from "../../properties/cases/check-or-crash.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { type CaseFile, parseCase, printCase } from "../../properties/cases/program/text.js";
import { stageCheck } from "../../properties/cases/stage-check.js";
import { loaded, refuse } from "../bad-input.js";
import { validCase } from "../case-file.js";
import { contentId } from "./content-id.js";
import type { CaseKind, Entry } from "./entry.js";
import { dataOf, rawOf } from "./export.js";

export const programKind: CaseKind = {
  extensions: [PROGRAMS.extension],
  what: PROGRAMS.what,
  read(file, text) {
    const parsed = parseCase(text);
    if (!parsed.ok) {
      return refuse({ subject: file, expected: "a case file", got: parsed.error.message, next: "correct the line" });
    }
    const valid = validCase(file, parsed.value);
    return valid.ok ? loaded(entryOf(file, parsed.value)) : valid;
  },
};

function entryOf(file: string, c: CaseFile): Entry {
  const id = contentId(c);
  return {
    file,
    id,
    statedId: c.id,
    about: { title: c.title, oracle: c.oracle },
    expects: c.expect.length > 0,
    trial: { kind: PROGRAMS, case: c },
    replay: (engine) => checkExpected(c, checkOn(engine)).verdict,
    text: (title = c.title) => printCase({ ...c, title, id }),
    as(form) {
      if (form === "data") return dataOf(file, c);
      return form === "raw" ? rawOf(file, c) : loaded(printCase({ ...c, id }));
    },
  };
}

/** A stage for each engine: making one costs more than most cases. */
const CHECKS = new Map<Engine, Check>();
function checkOn(engine: Engine): Check {
  const known = CHECKS.get(engine);
  if (known !== undefined) return known;
  const check = stageCheck({ engines: [engine] });
  CHECKS.set(engine, check);
  return check;
}
