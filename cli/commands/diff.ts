// `rox diff`: what two kernels compile differently.

import { randomInt } from "node:crypto";
import path from "node:path";
import { type Loaded, loaded, refuse } from "../../harness/bad-input.js";
import { loadCase } from "../../harness/case-file.js";
import { type DiffOptions, diff } from "../../harness/difference/diff.js";
import { formatDiff } from "../../harness/format/diff.js";
import { readTextFile } from "../../harness/input-file.js";
import { makeDirectory, writeOutputFile } from "../../harness/output-file.js";
import { exitCode } from "../../harness/report.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { kernelFor } from "../options.js";
import { startProgress } from "../progress.js";
import { integer } from "../values.js";

interface Flags {
  readonly programs: number;
  readonly seed?: number;
  readonly out?: string;
  readonly json?: string;
}

export const defineDiff: Define = (program, io, finish) => {
  program
    .command("diff")
    .description("Say which programs two kernels compile differently, by cause, with both images side by side.")
    .argument("<a>", "linux:IMAGE, or impl for our own JIT in the profile of the other one's version")
    .argument("<b>", "the other one")
    .argument("[files...]", "compare these programs only (.bpf, .bin, .data, .o, .verifier)")
    .option("--programs <n>", "generated programs, beside each instruction form by itself", integer(0, 1e9), 1000)
    .option("--seed <n>", "seed of the generated programs (default: a new one)", integer(0, 2 ** 32 - 1))
    .option("--out <dir>", "write the smallest program of each cause there")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox diff linux:old/Image linux:new/Image",
        "rox diff impl linux:arch/arm64/boot/Image --programs 5000 --seed 7",
        "rox diff linux:old/Image linux:new/Image program.bpf",
      ]),
    )
    .action(async (a: string, b: string, files: string[], flags: Flags) =>
      finish(await runDiff([a, b], files, flags, io)),
    );
};

async function runDiff(
  specs: readonly [string, string],
  files: readonly string[],
  flags: Flags,
  io: Io,
): Promise<number> {
  const named = casesIn(files);
  if (!named.ok) return complain(io, named.error);
  const place = flags.out === undefined ? undefined : makeDirectory(flags.out);
  if (place?.ok === false) return complain(io, place.error);
  const a = kernelFor(io, specs[0], "plain");
  const b = a && kernelFor(io, specs[1], "plain");
  if (a === undefined || b === undefined) return BAD_INPUT;
  const { programs, seed = randomInt(2 ** 32) } = flags;
  if (files.length === 0) io.out(`seed ${seed}\n`);
  const progress = startProgress(io, "diff", 1000);
  const report = await diff({
    ...{ a, b, programs, seed, stop: io.stop },
    named: files.length === 0 ? undefined : named.value,
    progress: (done, of) => progress.update(Math.floor((1000 * done) / of), `${done} of ${of} programs`),
  }).finally(() => progress.stop());
  print(io, formatDiff(report, io.columns));
  for (const [i, { extension, text }] of report.groups.entries()) {
    if (flags.out === undefined) break;
    const written = writeOutputFile(path.join(flags.out, `${i + 1}${extension}`), text);
    if (!written.ok) return complain(io, written.error);
  }
  return saveJson(io, flags.json, report, exitCode(report));
}

function casesIn(files: readonly string[]): Loaded<NonNullable<DiffOptions["named"]>> {
  const cases: { name: string; case: NonNullable<DiffOptions["named"]>[number]["case"] }[] = [];
  for (const name of files) {
    const read = name.endsWith(VERIFIER_ONLY.extension) ? loadBody(name) : loadCase(name);
    if (!read.ok) return read;
    cases.push({ name, case: read.value });
  }
  return loaded(cases);
}

function loadBody(file: string): ReturnType<typeof loadCase> | Loaded<ReturnType<typeof VERIFIER_ONLY.fresh>> {
  const text = readTextFile(file);
  if (!text.ok) return text;
  const read = VERIFIER_ONLY.parse(text.value);
  if (read.ok) return loaded(read.value);
  return refuse({ subject: file, expected: "a case file", got: read.error.message, next: "correct the line" });
}
