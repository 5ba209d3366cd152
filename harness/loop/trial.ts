// The kinds of cases that a run tries, each with what checks it on the subject. A thread makes them once; a checker is made
// when it is first asked.

import type { Engine } from "../../engines/engine.js";
import { engineByName } from "../../engines/index.js";
import { KINDS } from "../../properties/cases/index.js";
import { type AnyKind, checkerOn, type KindChecker } from "../../properties/cases/kind.js";
import { type Dialect, kernelDialect } from "../../subjects/dialect.js";
import { defaultSubject } from "../../subjects/index.js";
import { openSubject } from "../../subjects/open.js";
import { type AnySubject, isKernel } from "../../subjects/program-subject.js";
import type { QuirkId, Subject } from "../../subjects/subject.js";

export interface Trial extends Required<KindChecker<unknown>> {
  readonly kind: AnyKind;
  /** Whether anybody has a use for cases that are announced. */
  readonly worksAhead: boolean;
  /** See `Subject`. */
  readonly executed: NonNullable<Subject["executed"]>;
  /** What cases are drawn from; undefined for all that Linux takes. */
  readonly dialect?: Dialect | undefined;
}

/** By the name of their kind. */
export type Trials = Readonly<Record<string, Trial>>;

/** What is tried on what: a thread makes it once. */
export interface Checkers {
  readonly subject: AnySubject;
  readonly trials: Trials;
}

export interface Setting {
  readonly kinds?: readonly AnyKind[];
  readonly subject?: AnySubject | undefined;
  readonly engines: readonly Engine[];
}

export const makeTrials = ({ kinds = KINDS, subject = defaultSubject, engines }: Setting): Trials =>
  Object.fromEntries(kinds.map((kind) => [kind.name, trialOf(kind, subject, engines)]));

export const makeCheckers = (setting: Setting): Checkers => ({
  subject: setting.subject ?? defaultSubject,
  trials: makeTrials(setting),
});

/** The same for a thread, which is told names. */
export interface SettingNames {
  readonly subject: string;
  readonly engines: readonly string[];
  /** Defects that the subject was found to have. */
  readonly known: readonly QuirkId[];
  readonly isExact: boolean;
}
export const namesOf = ({ subject = defaultSubject, engines }: Setting): SettingNames => ({
  subject: subject.name,
  known: isKernel(subject) ? [...(subject.known ?? [])] : [],
  isExact: isKernel(subject) && subject.isExact === true,
  engines: engines.map(({ name }) => name),
});

/** @throws Error if there is no such subject or engine: the command has checked the names. */
export function checkersByName({ subject, engines, known, isExact }: SettingNames): Checkers {
  const found = openSubject(subject);
  if (!found.ok) throw new Error(`the subject ${subject}: ${found.got}`);
  const engine = (name: string): Engine => {
    const known = engineByName(name);
    if (known === undefined) throw new Error(`no engine is called ${name}`);
    return known;
  };
  const judged = known.length === 0 && !isExact ? found.subject : { ...found.subject, known: new Set(known), isExact };
  return makeCheckers({ subject: judged, engines: engines.map(engine) });
}

const dialectOf = (subject: AnySubject): Dialect | undefined => {
  if (!isKernel(subject)) return subject.dialect;
  return subject.forms === undefined ? undefined : kernelDialect(subject.forms());
};

function trialOf(kind: AnyKind, subject: AnySubject, engines: readonly Engine[]): Trial {
  let made: KindChecker<unknown> | undefined;
  const checker = (): KindChecker<unknown> => {
    made ??= checkerOn(kind, subject, engines);
    return made;
  };
  return {
    kind,
    dialect: dialectOf(subject),
    worksAhead: !isKernel(subject),
    executed: () => (isKernel(subject) ? (subject.executed?.() ?? []) : []),
    announce: (cases) => checker().announce?.(cases),
    close: () => made?.close?.(),
    adapt: (c) => checker().adapt?.(c) ?? c,
    check: (c, notice) => checker().check(c, notice),
    blame: (c, found) => checker().blame(c, found),
    expected: (c) => checker().expected?.(c) ?? [],
    answers: (c) => checker().answers?.(c) ?? [],
    replay: (c, head) => checker().replay?.(c, head) ?? checker().check(c).verdict,
  };
}
