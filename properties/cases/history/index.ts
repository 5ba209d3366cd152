// Histories of loads, runs, attaches and frees: no oracle of memory objects.

import type { Engine } from "../../../engines/engine.js";
import type { FailingStep } from "../../../machine/event.js";
import { type Action, type CaseProgram, type History, isCaseProgram } from "../../../subjects/action.js";
import { NotModelled } from "../../../subjects/not-modelled.js";
import { randomSource } from "../../../subjects/random/source.js";
import { type PreparedProgram, prepared } from "../../../subjects/session/prepared.js";
import { DEFAULT_ENV, type QuirkId, type Subject } from "../../../subjects/subject.js";
import { HistoryPoints } from "../../coverage/history.js";
import { hasOwnCode, inKernelOfHistory } from "../../in-kernel.js";
import { knownInCode } from "../../known-code.js";
import { oraclesOf } from "../../oracles/index.js";
import type { Oracle } from "../../oracles/oracle.js";
import { AGREE, EXCEPTION, NO_EXCEPTION, type Verdict, withoutNumbers } from "../../verdict.js";
import { verdictOrCrash } from "../check-or-crash.js";
import { type Kind, type KindChecker, NO_COST } from "../kind.js";
import { TRAMPOLINES } from "../trampoline/index.js";
import { HistoryArbitrary } from "./arbitrary.js";
import { checkHistory, type HistoryCheckOptions, type HistoryReport, replay } from "./check.js";
import { mutateHistory } from "./mutate.js";
import { minimizeHistory } from "./shrink.js";
import { historyIdentity, parseHistory, printHistory, withTodaysHead } from "./text.js";

const arbitrary = new HistoryArbitrary();

export const HISTORIES: Kind<History> = {
  name: "histories",
  extension: ".history",
  what: "a history of programs",
  unit: "action",
  share: 2,
  turns: 1,
  chunk: 50,
  command: "history",
  fresh: (seed, index) => arbitrary.generate(randomSource(seed, index)).value,
  checker: historyChecker,
  size: ({ actions }) => actions.length,
  minimize: minimizeHistory,
  print: printHistory,
  parse: parseHistory,
  today: withTodaysHead,
  identity: historyIdentity,
  change: (parent, other, draw) => mutateHistory(parent, other, draw),
  // A generated program in it refers to rows of the instruction table, which do not cross threads.
  pack: (history) => printHistory(history),
  unpack(packed) {
    const parsed = parseHistory(String(packed));
    if (!parsed.ok) throw new Error(`a history does not read back: ${parsed.error.message}`);
    return parsed.value;
  },
};

function historyChecker(
  subject: Subject,
  [engine]: readonly Engine[],
  more: readonly Oracle[] = [],
): KindChecker<History> {
  const oracles = [...oraclesOf(subject), ...more];
  const run = (history: History, onStep?: HistoryCheckOptions["onStep"]): HistoryReport =>
    runOrCrash(history, { subject, oracles, ...(engine && { engine }), ...(onStep && { onStep }) });
  const { fixed } = subject;
  return {
    ...(fixed && {
      adapt: ({ options, actions }: History) => ({
        options: { ...options, ...fixed },
        actions: actions.filter((action) => canBeDone(action, subject)).map((action) => withoutKnown(action, subject)),
      }),
    }),
    check(history, notice) {
      const points = notice === "points" ? new HistoryPoints(history.options) : undefined;
      const report = reportOrMissing(() => run(history, points?.onStep));
      if (typeof report === "string") {
        return { verdict: { kind: "refused", missing: report }, cost: NO_COST, rows: [], points: [] };
      }
      const { steps, interleavings, failures } = report;
      const cost = { ...NO_COST, steps, interleavings, failures };
      const verdict = pastKnownCode(judged(report), history, subject);
      return { verdict, cost, rows: [], points: points?.reached ?? [] };
    },
    blame(history) {
      let blamed = "end";
      run(history, (action, { faultsHit }, violations) => {
        if (violations.length > 0) blamed = described(action, faultsHit);
      });
      return blamed;
    },
    ...(hasOwnCode(subject) && { inKernel: (history: History) => inKernelOfHistory(history, subject, engine) }),
    replay(history, head) {
      const verdictOf = (): Verdict => {
        const { wrong, report } = replay({ ...history, head }, { subject, ...(engine && { engine }) });
        if (wrong === undefined) return AGREE;
        const known = report.violations.find((violation) => violation.known !== undefined)?.known;
        if (known !== undefined) return pastKnown(known);
        const inCode = knownInPrograms(history, subject);
        if (inCode !== undefined) return pastKnown(inCode);
        // Of a real kernel, the history asks whether it has the defect: no objection is an answer.
        if (head.breach === true && subject.known !== undefined)
          return { kind: "refused", missing: "the defect shown" };
        const expected = head.breach === true ? "an objection" : "no objection";
        const oracle = head.oracle ?? "history";
        return { kind: "disagree", oracle, reason: "objects", where: "history", expected, got: wrong };
      };
      return verdictOrCrash(verdictOf);
    },
  };
}

/** What is attached goes through a trampoline. */
const canBeDone = ({ kind }: Action, { untried }: Pick<Subject, "untried">): boolean =>
  untried?.has(TRAMPOLINES.name) !== true || (kind !== "attach" && kind !== "detach");

/** Steps whose failure shows a known defect after which nothing can be judged: in a load, or of trampolines in pages too. */
const ENDING: readonly (readonly [QuirkId, FailingStep, ...Action["kind"][]])[] = [
  ["copyFaultIgnored", "copy", "load"],
  ["protectionFailureIgnored", "setPermission", "load", "attach"],
];

/** Such a failure is not drawn: everything behind it in the history would be lost. */
function withoutKnown(action: Action, { known }: Pick<Subject, "known">): Action {
  if (action.kind !== "load" && action.kind !== "attach") return action;
  const fails = action.fails.filter(
    ({ step }) =>
      !ENDING.some(
        ([quirk, ending, ...kinds]) => step === ending && kinds.includes(action.kind) && known?.has(quirk) === true,
      ),
  );
  return fails.length === action.fails.length ? action : { ...action, fails };
}

/** `load`, `load, copy fails`. */
function described(action: Action, faultsHit: number): string {
  const [failing] = faultsHit > 0 && "fails" in action ? action.fails : [];
  return failing === undefined ? action.kind : `${action.kind}, ${failing.step} fails`;
}

/** The first breach. Those of one oracle are one finding: what it says depends on all that came before. */
function judged({ violations: [violation], known }: HistoryReport): Verdict {
  if (violation === undefined) return { kind: "agree" };
  if (known !== undefined) return pastKnown(known);
  const { oracle, step, what } = violation;
  const reason = oracle === NO_EXCEPTION ? withoutNumbers(what) : "objects";
  return { kind: "disagree", oracle, reason, where: `step ${step}`, expected: "no breach", got: what, step };
}

const pastKnown = (quirk: QuirkId): Verdict => ({ kind: "refused", missing: `a mended ${quirk}, a known defect` });

/** What a program with a known defect in its code does is no news, nor is what it leaves behind. */
function pastKnownCode(verdict: Verdict, history: History, subject: Subject): Verdict {
  const quirk = verdict.kind === "disagree" ? knownInPrograms(history, subject) : undefined;
  return quirk === undefined ? verdict : pastKnown(quirk);
}

/** Programs that are given by a few numbers have none of the instructions that it takes. */
function knownInPrograms({ actions }: History, subject: Subject): QuirkId | undefined {
  if (subject.known === undefined) return undefined;
  for (const action of actions) {
    if (action.kind !== "load" || !isCaseProgram(action.program)) continue;
    const made = preparedOrLacking(subject, action.program);
    if (made === undefined) continue;
    const { codes, lse } = made;
    const quirk = knownInCode(subject, codes, { ...DEFAULT_ENV, ...subject.build, lse });
    if (quirk !== undefined) return quirk;
  }
  return undefined;
}

/** Undefined if the subject lacks what the program needs: then it was not loaded. */
function preparedOrLacking(subject: Subject, program: CaseProgram): PreparedProgram | undefined {
  try {
    return prepared(subject, program);
  } catch (error) {
    if (error instanceof NotModelled) return undefined;
    throw error;
  }
}

/** What the subject lacks ends a case without an answer. */
function reportOrMissing(run: () => HistoryReport): HistoryReport | string {
  try {
    return run();
  } catch (error) {
    if (error instanceof NotModelled) return error.message;
    throw error;
  }
}

/** An exception of a witness is a breach like any other. */
function runOrCrash(history: History, options: HistoryCheckOptions): HistoryReport {
  try {
    return checkHistory(history, options);
  } catch (error) {
    if (error instanceof NotModelled) throw error;
    const what = `${EXCEPTION}: ${error instanceof Error ? error.message : String(error)}`;
    const violations = [{ step: 0, oracle: NO_EXCEPTION, what }];
    return { violations, steps: 0, interleavings: 0, failures: 0, loads: 0, refused: 0 };
  }
}
