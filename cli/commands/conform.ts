// `rox conform`: the public conformance suite through both witnesses.

import { type ConformReport, conform } from "../../harness/conform.js";
import { formatConform } from "../../harness/format/conform.js";
import { exitCode } from "../../harness/report.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { complain, complainAll, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import {
  engineOption,
  enginesFor,
  fuelOption,
  pluginOption,
  SELF_TEST_FUEL,
  subjectFor,
  subjectOption,
} from "../options.js";

interface Flags {
  readonly subject: string;
  readonly pluginOptions?: string;
  readonly engine?: string;
  readonly fuel: number;
  readonly json?: string;
}

export const defineConform: Define = (program, io, finish) => {
  program
    .command("conform")
    .description(
      "Run conformance files (.data) and kernel self-tests (.o) through the interpreter and the JIT, by RFC 9669 group.",
    )
    .argument("<path...>", "files, or directories that are searched for .data and .o files")
    .addOption(subjectOption())
    .addOption(pluginOption())
    .addOption(engineOption())
    .addOption(fuelOption(SELF_TEST_FUEL))
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      `
Files below a directory called negative, or with an error section, must be refused. Beside other files
that is a test; on their own each prints the line that refuses it and the exit code is 2.
${examples(["rox conform conformance/", "rox conform verifier_jump.bpf.o", "rox conform tests/add.data --json conform.json"])}`,
    )
    .action(async (paths: string[], flags: Flags) => finish(await runConform(paths, flags, io)));
};

async function runConform(paths: readonly string[], flags: Flags, io: Io): Promise<number> {
  const subject = subjectFor(io, flags.subject, flags);
  const engines = enginesFor(io, flags.engine);
  if (subject === undefined || engines === undefined) return BAD_INPUT;
  const check = makeCheck({ subject, engines, strictness: "rfc", definedness: "run", fuel: flags.fuel });
  const report = await conform(paths, check, io.stop, subject);
  complainAll(io, report.unreadable);
  if (onlyRefusals(report)) {
    for (const { line } of report.refused) io.err(`rox: ${line}\n`);
    return saveJson(io, flags.json, report, exitCode(report));
  }
  if (report.total === 0 && report.restricted.length === 0 && !report.interrupted) {
    const subject = paths.join(" ");
    complain(io, { subject, expected: "conformance files", got: "none", next: "name .data files" });
  } else {
    print(io, formatConform(report, io.columns));
  }
  return saveJson(io, flags.json, report, exitCode(report));
}

/** Bad input and nothing else: its lines say all there is to say. */
const onlyRefusals = ({ total, restricted, refused, unreadable }: ConformReport): boolean =>
  total === 0 && restricted.length === 0 && refused.length + unreadable.length > 0;
