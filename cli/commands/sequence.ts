// `rox sequence`: one history, played again.

import { formatEvent } from "../../harness/format/event.js";
import { type Counts, exitCode, makeReport } from "../../harness/report.js";
import { loadHistory, replayFile, sequenceCommand } from "../../harness/sequences/history-file.js";
import type { Violation } from "../../properties/history/play.js";
import { printActions } from "../../properties/history/text.js";
import type { Execution, Step } from "../../properties/oracles/oracle.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import type { Io } from "../io.js";

interface Flags {
  readonly trace?: true;
  readonly json?: string;
}

export const defineSequence: Define = (program, io, finish) => {
  program
    .command("sequence")
    .description("Play one history of loads, runs, frees and pokes again, every oracle on.")
    .argument("<file>", "a history (.history)")
    .option("--trace", "show the machine's events between the actions")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples(["rox sequence corpus/failed-finalize-keeps-the-charge.history", "rox sequence found.history --trace"]),
    )
    .action((file: string, flags: Flags) => finish(runSequence(file, flags, io)));
};

function runSequence(file: string, flags: Flags, io: Io): number {
  const started = Date.now();
  const read = loadHistory(file);
  if (!read.ok) return complain(io, read.error);
  const history = read.value;
  const { about, options, actions } = history;
  const lines = new Map(printActions(actions, options).map((line, i) => [actions[i], line]));
  if (about.title !== "") print(io, [about.title]);
  const { report, wrong } = replayFile(history, {
    onStep: (action, step, violations) => {
      const line = lines.get(action) ?? `free #${"id" in action ? action.id : ""}, at the end`;
      print(io, [line, ...(flags.trace === true ? traceLines(step) : []), ...violations.map(violationLine)]);
    },
  });
  const late = report.violations.filter(({ step }) => step === actions.length);
  print(io, [...late.map(violationLine), conclusion(report.violations, about.expect, wrong)]);
  const failures =
    wrong === undefined
      ? []
      : [{ name: file, where: "the history", expected: about.expect, actual: wrong, replay: sequenceCommand(file) }];
  const counts: Counts = {
    ...{ passed: 1 - failures.length, failed: failures.length, incomparable: 0, seed: null },
    ...{ interrupted: false, failures, unreadable: [] },
  };
  return saveJson(io, flags.json, makeReport("sequence", started, counts, { ...report }), exitCode(counts));
}

const violationLine = ({ oracle, what }: Violation): string => `  BREACH ${oracle}: ${what}`;

function conclusion(violations: readonly Violation[], expect: "pass" | "breach", wrong: string | undefined): string {
  if (wrong !== undefined) return `FAILED: expected ${expect === "pass" ? "no breach" : "a breach"}, came ${wrong}`;
  return violations.length === 0 ? "OK: no oracle objects" : `OK: ${violations[0]!.oracle} objects, as the file says`;
}

/** Events, each run of another CPU behind the event after which it came. */
function traceLines({ events, executions }: Step): string[] {
  const at = (index: number | undefined): string[] =>
    executions.filter((execution) => execution.at === index).map((execution) => `       ${executionLine(execution)}`);
  return [...events.flatMap((event, i) => [formatEvent(event, i), ...at(i)]), ...at(undefined)];
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
