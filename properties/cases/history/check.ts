// Checking a history: the implementation and the reference models side by side, every oracle asked after every step, and
// everything swept at the end, after what still lives has been freed.

import type { Engine } from "../../../engines/engine.js";
import { referenceEngine } from "../../../engines/reference/engine.js";
import { type Action, type History, NOTHING_ELSE } from "../../../subjects/action.js";
import { defaultSubject } from "../../../subjects/index.js";
import { HistorySession } from "../../../subjects/session/history-session.js";
import type { Step } from "../../../subjects/step.js";
import type { QuirkId, Subject } from "../../../subjects/subject.js";
import { signOf } from "../../known-defects.js";
import { askAbout, askAtTheEnd, type Objection } from "../../oracles/ask.js";
import { ORACLES, oraclesOf } from "../../oracles/index.js";
import type { Oracle } from "../../oracles/oracle.js";
import type { Head } from "../header.js";

export interface Violation {
  /** Index of the action; the number of actions for what came after the last one. */
  readonly step: number;
  readonly oracle: string;
  readonly what: string;
  /** The defect that it is a sign of, if the subject is known to have that. */
  readonly known?: QuirkId;
}

export interface HistoryReport {
  /** All of the first step that breaks something, or of all steps if told to go on. Empty if none does. */
  readonly violations: readonly Violation[];
  /** A known defect of the subject that has ended the history: what comes after it means nothing. */
  readonly known?: QuirkId | undefined;
  /** Actions performed, the closing frees included. */
  readonly steps: number;
  /** Runs of another CPU between two events of an action. */
  readonly interleavings: number;
  /** Injected failures that were hit. */
  readonly failures: number;
  readonly loads: number;
  /** Loads that were refused. */
  readonly refused: number;
}

export interface HistoryCheckOptions {
  readonly subject?: Subject;
  readonly engine?: Engine;
  readonly oracles?: readonly Oracle[];
  /** Free what is left in the end, and expect nothing to remain. Default: yes. */
  readonly close?: boolean;
  /** Go on after a breach, to hear who else objects, but not after a crash. What comes of it may be nonsense. */
  readonly goOn?: boolean;
  /** Steps say where the kernel's own code was at each event. */
  readonly isLocated?: boolean;
  /** Told of each step. */
  readonly onStep?: (action: Action, step: Step, violations: readonly Violation[]) => void;
}

export function checkHistory(history: History, options: HistoryCheckOptions = {}): HistoryReport {
  return new HistoryCheck(history, options).run();
}

class HistoryCheck {
  readonly session: HistorySession;
  private readonly oracles: readonly Oracle[];
  private hasCrashed = false;
  private readonly count = { steps: 0, interleavings: 0, failures: 0, loads: 0, refused: 0 };

  constructor(
    private readonly history: History,
    private readonly options: HistoryCheckOptions,
  ) {
    this.session = new HistorySession({
      subject: options.subject ?? defaultSubject,
      history: history.options,
      engine: options.engine ?? referenceEngine,
      isLocated: options.isLocated,
    });
    this.oracles = options.oracles ?? oraclesOf(options.subject ?? defaultSubject);
  }

  run(): HistoryReport {
    try {
      return this.steps();
    } finally {
      if (this.options.close !== false) this.session.close();
    }
  }

  private steps(): HistoryReport {
    const { actions } = this.history;
    const violations: Violation[] = [];
    /** @returns whether that was enough */
    const found = (more: readonly Violation[]): boolean => {
      if (more.length === 0) return false;
      violations.push(...more);
      return this.options.goOn !== true || this.hasCrashed;
    };
    const end = (): HistoryReport => {
      const known = violations[0]?.known;
      return { violations, ...this.count, ...(known && { known }) };
    };
    for (let i = 0; i < actions.length; i++) if (found(this.step(i, actions[i]!))) return end();
    if (found(this.sweep(actions.length)) || this.options.close === false) return end();
    const { fails, others } = NOTHING_ELSE;
    for (const id of [...this.session.live.keys()]) {
      if (found(this.step(actions.length, { kind: "free", id, fails, others }))) return end();
    }
    found(this.sweep(actions.length));
    return end();
  }

  private step(index: number, action: Action): readonly Violation[] {
    const step = this.session.step(action);
    if (step === undefined) return NONE;
    const { count } = this;
    count.steps++;
    count.failures += step.faultsHit;
    if (action.kind === "load") count.loads++;
    if (step.result.kind === "refused") count.refused++;
    this.hasCrashed ||= step.result.kind === "crashed";
    if (action.kind !== "run") count.interleavings += step.executions.length;
    const violations = askAbout(step, this.oracles).map((objection) => this.violation(index, objection, step));
    this.options.onStep?.(action, step, violations);
    return violations;
  }

  private sweep(index: number): readonly Violation[] {
    return askAtTheEnd(this.session, this.oracles).map((objection) => this.violation(index, objection));
  }

  private violation(index: number, objection: Objection, step?: Step): Violation {
    const { known: has } = this.session.subject;
    const known = has && signOf(objection, step, (quirk) => has.has(quirk));
    return { step: index, ...objection, ...(known && { known }) };
  }
}

const NONE: readonly Violation[] = [];

/** A history and what its file says of it. */
export interface HistoryFile extends History {
  readonly head: Head;
}

export interface Replayed {
  readonly report: HistoryReport;
  /** Why it is not as the file says; undefined if it is. */
  readonly wrong: string | undefined;
}

/** A file that expects a breach is judged by the oracle that it names alone. */
export function replay(file: HistoryFile, options: HistoryCheckOptions = {}): Replayed {
  const { oracle, breach = false } = file.head;
  const named = ORACLES.filter(({ name }) => name === oracle);
  const report = checkHistory(file, { ...(breach && named.length > 0 && { oracles: named }), ...options });
  const [first] = report.violations;
  if (!breach) {
    return { report, wrong: first === undefined ? undefined : `${first.oracle}: ${first.what}` };
  }
  return { report, wrong: first === undefined ? `${oracle ?? "no oracle"} does not object` : undefined };
}
