// `rox replay`: the lessons, all of them, on any engine.

import { Option } from "commander";
import { chooseEngines, ENGINE_CHOICES } from "../../harness/engines.js";
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
  print,
  saveForCi,
  saveJson,
} from "../command.js";
import type { Io } from "../io.js";

interface Flags {
  readonly engine?: string;
  readonly json?: string;
  readonly junit?: string;
}

export const defineReplay: Define = (program, io, finish) => {
  program
    .command("replay")
    .description("Replay case files; a damaged or outdated one fails.")
    .argument("[paths...]", "files and directories (default: the corpus of the project)")
    .addOption(new Option("--engine <name>", "what runs A64 code").choices(ENGINE_CHOICES))
    .option(...JSON_OPTION)
    .option(...JUNIT_OPTION)
    .addHelpText("after", examples(["rox replay", "rox replay --engine all", "rox replay campaign/findings"]))
    .action(async (paths: readonly string[], flags: Flags) => finish(await runReplay(paths, flags, io)));
};

async function runReplay(paths: readonly string[], flags: Flags, io: Io): Promise<number> {
  const choice = chooseEngines(flags.engine);
  if (!choice.ok) return complain(io, choice.error);
  for (const sentence of choice.value.absent) io.err(`rox: ${sentence}\n`);
  const usable = choice.value.engines;
  const { report, cases } = await replay(paths.length > 0 ? paths : [corpusDirectory()], usable, io.stop);
  complainAll(io, report.unreadable);
  const code = saveForCi(io, flags.junit, report, saveJson(io, flags.json, report, exitCode(report)), cases);
  const { files, passed, failed, incomparable, engines, unreadable, durationMs } = report;
  print(io, [
    ...report.failures.map((failure) => `${failure.name}: ${differenceLine(failure)}`),
    `${count(files, "file")} on ${engines.join(", ") || "no engine"} in ${seconds(durationMs)}: ${passed} agree, ` +
      `${failed} differ, ${incomparable} incomparable, ${unreadable.length} unreadable`,
    ...report.failures.slice(0, 1).flatMap(({ replay: command }) => command ?? []),
  ]);
  return code;
}
