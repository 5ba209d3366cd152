// `rox replay`: the corpus, or any case files, on any engine.

import { count, differenceLine, seconds } from "../../harness/format/text.js";
import { replay } from "../../harness/loop/replay.js";
import { corpusDirectory } from "../../harness/project.js";
import { exitCode } from "../../harness/report.js";
import {
  complain,
  complainAll,
  type Define,
  examples,
  JSON_OPTION,
  JUNIT_OPTION,
  noCases,
  print,
  saveForCi,
  saveJson,
} from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { engineOption, enginesFor, pluginOption, subjectFor, subjectOption, unknownCallsOption } from "../options.js";

interface Flags {
  readonly engine?: string;
  readonly subject: string;
  readonly pluginOptions?: string;
  readonly json?: string;
  readonly junit?: string;
  readonly unknownCalls?: number;
}

export const defineReplay: Define = (program, io, finish) => {
  program
    .command("replay")
    .description("Replay case files; a damaged or outdated one fails.")
    .argument("[paths...]", "case files, object files and directories (default: the corpus of the project)")
    .addOption(engineOption())
    .addOption(subjectOption())
    .addOption(pluginOption())
    .addOption(unknownCallsOption())
    .option(...JSON_OPTION)
    .option(...JUNIT_OPTION)
    .addHelpText("after", examples(["rox replay", "rox replay --engine all", "rox replay campaign/findings"]))
    .action(async (paths: readonly string[], flags: Flags) => finish(await runReplay(paths, flags, io)));
};

/** Every file and every program of an object file, also of folders. */
export async function runReplay(paths: readonly string[], flags: Flags, io: Io): Promise<number> {
  const usable = enginesFor(io, flags.engine);
  const subject = usable && subjectFor(io, flags.subject, flags);
  if (usable === undefined || subject === undefined) return BAD_INPUT;
  const { report, cases } = await replay(
    paths.length > 0 ? paths : [corpusDirectory()],
    { subject, engines: usable, ...(flags.unknownCalls !== undefined && { unknownCalls: flags.unknownCalls }) },
    io.stop,
  );
  complainAll(io, report.unreadable);
  if (report.files + report.unreadable.length === 0 && !report.interrupted) complain(io, noCases(paths));
  const code = saveForCi(io, flags.junit, report, saveJson(io, flags.json, report, exitCode(report)), cases);
  const { files, passed, failed, incomparable, engines, unreadable, durationMs } = report;
  print(io, [
    ...cases.flatMap(({ name, failure }) =>
      failure?.message.startsWith("incomparable") ? [`${name}: ${failure.message}`] : [],
    ),
    ...report.failures.map((failure) => `${failure.name}: ${differenceLine(failure)}`),
    `${count(files, "file")} on ${engines.join(", ") || "no engine"} in ${seconds(durationMs)}: ${passed} agree, ` +
      `${failed} differ, ${incomparable} incomparable, ${unreadable.length} unreadable`,
    ...report.failures.slice(0, 1).flatMap(({ replay: command }) => command ?? []),
  ]);
  return code;
}
