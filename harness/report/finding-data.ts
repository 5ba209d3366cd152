// A counterexample as plain data for the page. Its case is run once more, to show what both witnesses did: a program with
// its code and its steps, a history with what became of each action, and the machine's events of either.

import type { Engine } from "../../engines/engine.js";
import { EventLog } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { type Checked, checkExpected } from "../../properties/cases/check-or-crash.js";
import { envOf, lowerCase } from "../../properties/cases/compile.js";
import type { HistoryFile, Violation } from "../../properties/cases/history/check.js";
import { HISTORIES } from "../../properties/cases/history/index.js";
import { parseHistory } from "../../properties/cases/history/text.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import type { Check } from "../../properties/cases/program/report.js";
import { parseCase } from "../../properties/cases/program/text.js";
import type { TraceRow } from "../../properties/cases/program/trace.js";
import { type Trace, traceRun } from "../../properties/cases/program/trace-run.js";
import type { Action } from "../../subjects/action.js";
import type { Case } from "../../subjects/case.js";
import { defaultSubject } from "../../subjects/index.js";
import type { Step } from "../../subjects/step.js";
import type { Subject } from "../../subjects/subject.js";
import { type Counterexample, codeOf } from "../counterexample.js";
import { formatEvent, placesOf } from "../format/event.js";
import { actionNames, replayFile } from "../history-file.js";
import type { ActionData, DifferenceData, FindingData, StepData } from "./data.js";

interface Witnesses {
  /** Of programs. */
  readonly check: Check;
  /** Of histories. */
  readonly engine: Engine;
  /** Default: our own code. */
  readonly subject?: Subject;
}

/** What a page shows of a case beyond what was said of it. */
type Shown = Omit<FindingData, keyof Counterexample>;
const NOTHING_SHOWN: Shown = { rows: [], groups: [], listing: [], steps: [], stepsCut: false, events: [] };

/** @param witnesses undefined where they are not here: then nothing is run */
export async function findingData(found: Counterexample, witnesses: Witnesses | undefined): Promise<FindingData> {
  const { name, title, oracle, where, expected, got, size, times, text, replay, cause, file, kernel } = found;
  return {
    ...{ name, title, oracle, where, expected, got, text, replay },
    ...(size === undefined ? {} : { size }),
    ...(times === undefined ? {} : { times }),
    ...(cause === undefined ? {} : { cause }),
    ...(file === undefined ? {} : { file }),
    ...(kernel === undefined ? {} : { inKernel: kernel.place }),
    ...NOTHING_SHOWN,
    ...(found.endsWorker === true || witnesses === undefined ? {} : await shownOrCrash(found, witnesses)),
  };
}

/** A witness that throws must not take the page with it. */
async function shownOrCrash(found: Counterexample, witnesses: Witnesses): Promise<Partial<Shown>> {
  try {
    return await shownOf(found, witnesses);
  } catch (error) {
    return { events: [`run again, it ends with an exception: ${error instanceof Error ? error.message : error}`] };
  }
}

async function shownOf(found: Counterexample, { check, engine, subject }: Witnesses): Promise<Partial<Shown>> {
  const history = found.kind === HISTORIES ? parseHistory(found.text) : undefined;
  if (history?.ok === true) return historyShown({ ...history.value, head: history.head }, engine, subject);
  const program = found.kind === PROGRAMS ? parseCase(found.text) : undefined;
  const listing = await codeOf(found);
  if (program?.ok !== true) return { listing };
  const expect = program.head.expect ?? [];
  return { listing, ...(await programShown(program.value, checkExpected({ ...program.value, expect }, check))) };
}

/** Steps, and lines of events, that go into the page. */
const MOST_STEPS = 400;
const MOST_EVENTS = 600;

const cutEvents = (lines: readonly string[]): readonly string[] =>
  lines.length <= MOST_EVENTS
    ? lines
    : [...lines.slice(0, MOST_EVENTS), `and ${lines.length - MOST_EVENTS} more events`];

async function programShown(c: Case, report: Checked): Promise<Partial<Shown>> {
  const { rows, cut } = await traceOrNone(c, report);
  const first = rows.findIndex(({ differences }) => differences.length > 0);
  const from = Math.max(0, Math.min(first - MOST_STEPS / 2, rows.length - MOST_STEPS));
  const used = [...new Set(c.program.code.flat().map(({ row }) => row))].filter(({ kind }) => kind !== "lddwHigh");
  return {
    rows: used.map(({ id }) => id),
    groups: [...new Set(used.map(({ group }) => group))],
    ...(rows[first] === undefined ? {} : { difference: differenceOf(rows[first]) }),
    steps: rows.slice(from, from + MOST_STEPS).map(stepData),
    stepsCut: cut || rows.length > MOST_STEPS,
    events: cutEvents(machineEvents(c)),
  };
}

const NO_TRACE: Trace = { rows: [], cut: false };

/** A case that cannot even be loaded has no trace. */
async function traceOrNone(c: Case, { runs }: Checked): Promise<Trace> {
  const run = runs.find(({ verdict }) => verdict.kind === "disagree") ?? runs[0];
  const input = c.inputs[run?.input ?? 0];
  if (run === undefined || input === undefined) return NO_TRACE;
  try {
    return await traceRun(c, input);
  } catch {
    return NO_TRACE;
  }
}

const REGISTER = /^(r\d+) = (0x[0-9a-f]+)$/;

export function differenceOf({ part, bpf, words, changes, differences }: TraceRow): DifferenceData {
  const [, register = "?", got = ""] = REGISTER.exec(differences[0] ?? "") ?? [];
  const expected = changes.find((change) => change.startsWith(`${register} = `))?.slice(register.length + 3) ?? "";
  return { code: words[0]?.code ?? 0, part, bpf, register, expected, got };
}

const stepData = ({ part, bpf, words, changes, differences }: TraceRow): StepData => ({
  part,
  bpf,
  words: words.map(({ text }) => text),
  changes,
  differences,
});

/** What the machine did while the program was loaded and freed, a line each. It does not run: that is in the trace. */
export function machineEvents(c: Case, subject: Subject = defaultSubject): readonly string[] {
  const codes = lowerCase(c, subject);
  if (!codes.ok) return [];
  const machine = new Machine();
  const kernel = subject.boot({ machine, env: envOf(c, subject), random: (below) => Math.min(c.env.hole, below - 1) });
  const log = new EventLog();
  machine.onEvent = log.listener;
  const lines = (): string[] => log.events().map((event, i) => formatEvent(event, i, () => undefined));
  const loads = codes.value.map((functions) => kernel.loadProgram(functions));
  const loaded = ["load", ...lines(), ...loads.flatMap((load) => (load.ok ? [] : [`  refused: ${load.error.kind}`]))];
  log.clear();
  for (const load of loads) if (load.ok) kernel.freeProgram(load.program);
  return [...loaded, "free", ...lines()];
}

/** The history must not be one that ends the process. */
function historyShown(history: HistoryFile, engine: Engine, subject: Subject = defaultSubject): Partial<Shown> {
  const nameOf = actionNames(history);
  const done: ActionData[] = [];
  let events: readonly string[] = [];
  const { report } = replayFile(history, {
    ...{ engine, subject },
    onStep: (action, step, violations) => {
      done.push({ text: nameOf(action), result: resultOf(action, step), breaches: violations.map(breachText) });
      const placeOf = placesOf(step);
      if (violations.length > 0) events = step.events.map((event, i) => formatEvent(event, i, placeOf));
    },
  });
  const late = report.violations.filter(({ step }) => step >= history.actions.length);
  if (late.length > 0 && done.every(({ breaches }) => breaches.length === 0)) {
    done.push({ text: "when all is over", result: "", breaches: late.map(breachText) });
  }
  return { actions: done, events: cutEvents(events) };
}

const breachText = ({ oracle, what }: Violation): string => `${oracle}: ${what}`;

function resultOf(action: Action, { result, faultsHit, executions }: Step): string {
  const parts: string[] = [result.kind];
  if (result.kind === "refused") parts.push(result.error.kind);
  if (result.kind === "crashed") parts.push(result.error.message);
  if ("error" in result && typeof result.error === "number" && result.error !== 0) parts.push(`error ${result.error}`);
  if (faultsHit > 0) parts.push(faultsHit === 1 ? "a failure struck" : `${faultsHit} failures struck`);
  const others = action.kind === "run" ? 0 : executions.length;
  if (others > 0) parts.push(others === 1 ? "another CPU ran once" : `other CPUs ran ${others} times`);
  return parts.join(", ");
}
