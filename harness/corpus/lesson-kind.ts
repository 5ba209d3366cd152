// The kinds of cases whose files say nothing beside the case and what it shows: the answer must be the reference's.

import { createHash } from "node:crypto";
import type { Engine } from "../../engines/engine.js";
import type { AboutCase, AnyKind, Stage } from "../../properties/cases/kind.js";
import { loaded, refuse } from "../bad-input.js";
import type { CaseKind, Entry } from "./entry.js";

export function lessonKind(kind: AnyKind): CaseKind {
  const stages = new Map<Engine, Stage<unknown>>();
  const stageOn = (engine: Engine): Stage<unknown> => {
    const stage = stages.get(engine) ?? kind.stage(engine);
    stages.set(engine, stage);
    return stage;
  };
  const { extension, what } = kind;
  return {
    extension,
    what,
    read(file, text) {
      const parsed = kind.parse(text);
      if (parsed.ok) return loaded(entryOf(kind, stageOn, file, parsed.value, parsed.about));
      return refuse({ subject: file, expected: what, got: parsed.error.message, next: "correct the line" });
    },
  };
}

function entryOf(
  kind: AnyKind,
  stageOn: (engine: Engine) => Stage<unknown>,
  file: string,
  c: unknown,
  about: AboutCase,
): Entry {
  const { title, oracle } = about;
  const id = idOf(kind, c, oracle);
  const print = (other: string | undefined): string => kind.print(c, { ...about, title: other, id });
  return {
    ...{ file, id, statedId: about.id, about: { title, oracle }, expects: true, trial: { kind, case: c } },
    replay: (engine) => stageOn(engine).judge(c),
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
