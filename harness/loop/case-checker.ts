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

export interface CaseChecker extends Required<KindChecker<unknown>> {
  readonly kind: AnyKind;
  /** See `Subject`. */
  readonly executed: NonNullable<Subject["executed"]>;
  /** What cases are drawn from; undefined for all that Linux takes. */
  readonly dialect?: Dialect | undefined;
}

/** By the name of their kind. */
export type CaseCheckers = Readonly<Record<string, CaseChecker>>;

/** What is tried on what: a thread makes it once. */
export interface SubjectCheckers {
  readonly subject: AnySubject;
  readonly checkers: CaseCheckers;
}

export interface Setting {
  readonly kinds?: readonly AnyKind[];
  readonly subject?: AnySubject | undefined;
  readonly engines: readonly Engine[];
}

export const makeCaseCheckers = ({ kinds = KINDS, subject = defaultSubject, engines }: Setting): CaseCheckers =>
  Object.fromEntries(kinds.map((kind) => [kind.name, checkerOfKind(kind, subject, engines)]));

export const makeSubjectCheckers = (setting: Setting): SubjectCheckers => ({
  subject: setting.subject ?? defaultSubject,
  checkers: makeCaseCheckers(setting),
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
export function subjectCheckersByName({ subject, engines, known, isExact }: SettingNames): SubjectCheckers {
  const found = openSubject(subject);
  if (!found.ok) throw new Error(`the subject ${subject}: ${found.got}`);
  const engine = (name: string): Engine => {
    const known = engineByName(name);
    if (known === undefined) throw new Error(`no engine is called ${name}`);
    return known;
  };
  const judged = known.length === 0 && !isExact ? found.subject : { ...found.subject, known: new Set(known), isExact };
  return makeSubjectCheckers({ subject: judged, engines: engines.map(engine) });
}

const dialectOf = (subject: AnySubject): Dialect | undefined => {
  if (!isKernel(subject)) return subject.dialect;
  return subject.forms === undefined ? undefined : kernelDialect(subject.forms());
};

function checkerOfKind(kind: AnyKind, subject: AnySubject, engines: readonly Engine[]): CaseChecker {
  let made: KindChecker<unknown> | undefined;
  const checker = (): KindChecker<unknown> => {
    made ??= checkerOn(kind, subject, engines);
    return made;
  };
  return {
    kind,
    dialect: dialectOf(subject),
    executed: () => (isKernel(subject) ? (subject.executed?.() ?? []) : []),
    announce: (cases, began) => checker().announce?.(cases, began),
    close: () => made?.close?.(),
    adapt: (c) => checker().adapt?.(c) ?? c,
    check: (c, notice) => checker().check(c, notice),
    blame: (c, found) => checker().blame(c, found),
    expected: (c) => checker().expected?.(c) ?? [],
    answers: (c) => checker().answers?.(c) ?? [],
    inKernel: (c, found) => checker().inKernel?.(c, found),
    replay: (c, head) => checker().replay?.(c, head) ?? checker().check(c).verdict,
  };
}
