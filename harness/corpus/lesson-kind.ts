// The kinds of cases whose files say nothing beside the case and what it shows: the answer must be the reference's.

import { createHash } from "node:crypto";
import type { Engine } from "../../engines/engine.js";
import { extensionsOf } from "../../properties/cases/index.js";
import type { AboutCase, AnyKind, KindChecker } from "../../properties/cases/kind.js";
import { defaultSubject } from "../../subjects/index.js";
import { loaded, refuse } from "../bad-input.js";
import type { CaseKind, Entry } from "./entry.js";

export function lessonKind(kind: AnyKind): CaseKind {
  const checkers = new Map<Engine, KindChecker<unknown>>();
  const checkerOn = (engine: Engine): KindChecker<unknown> => {
    const checker = checkers.get(engine) ?? kind.checker(defaultSubject, [engine]);
    checkers.set(engine, checker);
    return checker;
  };
  const { what } = kind;
  return {
    extensions: extensionsOf(kind),
    what,
    read(file, text) {
      const parsed = kind.parse(text);
      if (parsed.ok) return loaded(entryOf(kind, checkerOn, file, parsed.value, parsed.about));
      return refuse({ subject: file, expected: what, got: parsed.error.message, next: "correct the line" });
    },
  };
}

function entryOf(
  kind: AnyKind,
  checkerOn: (engine: Engine) => KindChecker<unknown>,
  file: string,
  c: unknown,
  about: AboutCase,
): Entry {
  const { title, oracle } = about;
  const id = idOf(kind, c, oracle);
  const print = (other: string | undefined): string => kind.print(c, { ...about, title: other, id });
  return {
    ...{ file, id, statedId: about.id, about: { title, oracle }, expects: true, trial: { kind, case: c } },
    replay: (engine) => checkerOn(engine).check(c).verdict,
    text: (other = title) => print(other),
    as(form) {
      if (form === "text") return loaded(print(title));
      const next = "export it as text";
      return refuse({ subject: file, expected: "a program in that form", got: kind.what, next });
    },
  };
}

/** Of everything but title and notes. */
const idOf = (kind: AnyKind, c: unknown, oracle: string | undefined): string =>
  createHash("sha256")
    .update(kind.print(c, { title: undefined, oracle }))
    .digest("hex")
    .slice(0, 12);
