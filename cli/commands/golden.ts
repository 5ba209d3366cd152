// `rox golden`: images and results recorded from a real kernel.

import { Option } from "commander";
import type { BadInput } from "../../harness/bad-input.js";
import { formatCoverage, formatGolden } from "../../harness/format/golden.js";
import { type GoldenReport, golden } from "../../harness/golden/golden.js";
import { exitCode } from "../../harness/report.js";
import { complain, complainAll, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { engineOption, enginesFor, kernelFor, subjectOption } from "../options.js";
import { startProgress } from "../progress.js";
import { integer, names } from "../values.js";

interface Flags {
  readonly subject: string;
  readonly family?: readonly string[];
  readonly cpu?: string;
  readonly limit?: number;
  readonly coverage?: true;
  readonly engine?: string;
  readonly json?: string;
}

const SHOWN_FAILURES = 10;

export const defineGolden: Define = (program, io, finish) => {
  program
    .command("golden")
    .description("Compare with recordings of a real kernel: image bytes, and results where they are deterministic.")
    .argument("<path...>", "recordings (.jsonl.gz, .jsonl, .json), or directories of them")
    .option("--family <names>", "only these families, separated by commas", names)
    .addOption(new Option("--cpu <cpu>", "only this CPU").choices(["max", "cortex-a57", "lse", "ll-sc"]))
    .option("--limit <n>", "stop after that many programs", integer(1, 1e9))
    .option("--coverage", "print how many byte-equal programs witness each instruction row")
    .addOption(subjectOption())
    .addOption(engineOption())
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox golden recordings/",
        "rox golden dev-max.jsonl.gz --family alu,jmp --limit 100",
        "rox golden recordings/ --coverage --json golden.json",
      ]),
    )
    .action(async (paths: string[], flags: Flags) => finish(await runGolden(paths, flags, io)));
};

async function runGolden(paths: readonly string[], flags: Flags, io: Io): Promise<number> {
  const subject = kernelFor(io, flags.subject);
  const engines = enginesFor(io, flags.engine);
  if (subject === undefined || engines === undefined) return BAD_INPUT;
  const limit = flags.limit ?? Number.POSITIVE_INFINITY;
  const progress = startProgress(io, "golden", flags.limit ?? 3000);
  const options = {
    ...{ subject, engines },
    families: flags.family === undefined ? undefined : new Set(flags.family),
    cpu: flags.cpu,
    limit,
    stop: io.stop,
    progress: (done: number) => progress.update(done, `${done} programs`),
  };
  const report = await golden(paths, options).finally(() => progress.stop());
  complainAll(io, report.unreadable);
  if (report.total > 0) {
    print(io, formatGolden(report, SHOWN_FAILURES));
    if (flags.coverage === true) print(io, formatCoverage(report, io.columns));
  } else if (report.unreadable.length === 0 && !report.interrupted) {
    complain(io, nothingChecked(paths, report));
  }
  return saveJson(io, flags.json, report, exitCode(report));
}

function nothingChecked(paths: readonly string[], { filtered, leftOut }: GoldenReport): BadInput {
  const got =
    filtered > 0 ? `${filtered} that --family and --cpu leave out` : leftOut.length > 0 ? `${leftOut[0]?.why}` : "none";
  const next = filtered > 0 ? "choose another family or CPU" : "name .jsonl.gz, .jsonl or .json recordings";
  return { subject: paths.join(" "), expected: "recorded programs", got, next };
}
