// `rox history`: one history, run again.

import type { Command } from "commander";
import type { Engine } from "../../engines/engine.js";
import { caseCommand } from "../../harness/case-command.js";
import { formatEvent, placesOf } from "../../harness/format/event.js";
import { knownDefectLines } from "../../harness/format/known-defects.js";
import { actionNames, loadHistory, replayFile } from "../../harness/history-file.js";
import { type Counts, exitCode, makeReport } from "../../harness/report.js";
import type { HistoryFile, Replayed, Violation } from "../../properties/cases/history/check.js";
import { defectsOf } from "../../properties/known-defects.js";
import type { Execution, Step } from "../../subjects/step.js";
import type { Subject } from "../../subjects/subject.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { engineOption, enginesFor, kernelFor, subjectOption } from "../options.js";

interface Flags {
  readonly subject: string;
  readonly trace?: true;
  readonly engine?: string;
  readonly json?: string;
}

export const defineHistory: Define = (program, io, finish) => {
  const define = (command: Command, action: (file: string, flags: Flags) => void): Command =>
    command
      .description("Run one history of loads, runs, attaches and frees again, every oracle on.")
      .argument("<file>", "a history (.history)")
      .option("--trace", "show the machine's events between the actions")
      .addOption(subjectOption())
      .addOption(engineOption())
      .option(...JSON_OPTION)
      .addHelpText(
        "after",
        examples(["rox history corpus/failed-finalize-keeps-the-charge.history", "rox history found.history --trace"]),
      )
      .action(action);
  define(program.command("history"), (file, flags) => finish(runHistory(file, flags, io)));
  // The name that it had once.
  define(program.command("sequence", { hidden: true }), (file, flags) => {
    io.err("rox: `rox sequence` is now called `rox history`\n");
    finish(runHistory(file, flags, io));
  });
};

function runHistory(file: string, flags: Flags, io: Io): number {
  const started = Date.now();
  const read = loadHistory(file);
  if (!read.ok) return complain(io, read.error);
  const subject = kernelFor(io, flags.subject);
  const engines = enginesFor(io, flags.engine);
  if (subject === undefined || engines === undefined) return BAD_INPUT;
  const history = read.value;
  if (history.head.title !== undefined) print(io, [history.head.title]);
  const runs = engines.map((engine) => {
    if (engines.length > 1) print(io, [`on ${engine.name}`]);
    return runOn(history, { subject, engine }, flags, io);
  });
  const knownDefects = defectsOf(subject.known ?? new Set());
  print(io, knownDefectLines(knownDefects, io.columns));
  const known = runs.filter(isKnown).length;
  const failures = runs.flatMap((run, i) => {
    const where = engines.length > 1 ? `the history on ${engines[i]?.name}` : "the history";
    const { wrong } = run;
    if (wrong === undefined || isKnown(run)) return [];
    return [
      {
        name: file,
        where,
        expected: history.head.breach === true ? "breach" : "pass",
        got: wrong,
        replay: caseCommand(file, subject.name),
      },
    ];
  });
  const counts: Counts = {
    ...{
      passed: runs.length - failures.length - known,
      failed: failures.length,
      incomparable: known,
      lacking: known,
      seed: null,
      subject: subject.name,
    },
    ...{ interrupted: false, failures, unreadable: [] },
  };
  const report = makeReport("history", started, counts, { runs: runs.map((p) => p.report), knownDefects });
  return saveJson(io, flags.json, report, exitCode(counts));
}

/** Run it on one engine, telling of each action. */
function runOn(
  history: HistoryFile,
  on: { readonly subject: Subject; readonly engine: Engine },
  flags: Flags,
  io: Io,
): ReturnType<typeof replayFile> {
  const { head, actions } = history;
  const nameOf = actionNames(history);
  const replayed = replayFile(history, {
    ...on,
    isLocated: flags.trace === true,
    onStep: (action, step, violations) => {
      print(io, [nameOf(action), ...(flags.trace === true ? traceLines(step) : []), ...violations.map(violationLine)]);
    },
  });
  const { report } = replayed;
  const late = report.violations.filter(({ step }) => step === actions.length);
  print(io, [...late.map(violationLine), conclusion(replayed, head.breach === true)]);
  return replayed;
}

/** A known defect of the subject has ended it, as the gate has it: not judged any further. */
const isKnown = ({ report, wrong }: Replayed): boolean => wrong !== undefined && report.known !== undefined;

const violationLine = ({ oracle, what, known }: Violation): string =>
  `  BREACH ${oracle}: ${what}${known === undefined ? "" : ` (the known defect ${known})`}`;

function conclusion(replayed: Replayed, mustBreach: boolean): string {
  const { wrong, report } = replayed;
  const { violations, known } = report;
  if (isKnown(replayed)) return `INCOMPARABLE: it ends at ${known}, a known defect of the subject`;
  if (wrong !== undefined) return `FAILED: expected ${mustBreach ? "a breach" : "no breach"}, got ${wrong}`;
  return violations.length === 0 ? "OK: no oracle objects" : `OK: ${violations[0]!.oracle} objects, as the file says`;
}

/** Events, each run of another CPU behind the event after which it came. */
function traceLines(step: Step): string[] {
  const { events, executions, places = [] } = step;
  const placeOf = placesOf(step);
  const at = (index: number | undefined): string[] =>
    executions
      .filter((execution) => execution.at === index)
      .flatMap((execution) => [
        `       ${executionLine(execution)}`,
        ...execution.steps.map((line) => `                ${line}`),
      ]);
  return [...events.flatMap((event, i) => [formatEvent(event, i, placeOf, places[i]), ...at(i)]), ...at(undefined)];
}

function executionLine({ cpu, id, problem, outcome }: Execution): string {
  const said =
    problem !== undefined
      ? `must not: ${problem.why} at 0x${problem.va.toString(16)}`
      : outcome?.kind === "returned"
        ? `returns ${outcome.x0}`
        : (outcome?.kind ?? "nothing");
  return `cpu ${cpu}  runs #${id}: ${said}`;
}
