// `rox mutants`: does the harness find the bugs that it claims to find?

import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import { formatMutants } from "../../harness/format/mutants.js";
import { choose, readMutants } from "../../harness/mutants/collection.js";
import { runMutants } from "../../harness/mutants/mutants.js";
import { mutantsExitCode } from "../../harness/mutants/report.js";
import { projectRoot } from "../../harness/project.js";
import { complain, complainAll, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { duration, integer, names } from "../options.js";
import { startProgress } from "../progress.js";

interface Flags {
  readonly only?: readonly string[];
  readonly searches?: readonly string[];
  readonly budget: number;
  readonly jobs?: number;
  readonly seed?: number;
  readonly verbose?: true;
  readonly json?: string;
}

export const defineMutants: Define = (program, io, finish) => {
  program
    .command("mutants")
    .description("Plant known bugs in our own sources, one at a time, and see whether each is found. Needs a checkout.")
    .option("--only <ids>", "only these ids or groups, separated by commas", names)
    .option("--searches <names>", "only these searches, separated by commas", names)
    .option("--budget <t>", "time of the search for each mutant, such as 30s", duration, 30_000)
    .option("--jobs <n>", "processes at a time (default: one per core)", integer(1, 256))
    .option("--seed <n>", "seed of the searches (default: a new one)", integer(0, 2 ** 32 - 1))
    .option("--verbose", "print the witnesses")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples(["rox mutants", "rox mutants --only A01,B24 --verbose", "rox mutants --seed 1 --json m.json"]),
    )
    .action(async (flags: Flags) => finish(await runMutantsCommand(flags, io)));
};

async function runMutantsCommand(flags: Flags, io: Io): Promise<number> {
  const seed = flags.seed ?? randomInt(2 ** 32);
  const collection = readMutants(path.join(projectRoot(), "mutants"));
  complainAll(io, collection.unreadable);
  if (collection.unreadable.length > 0) return BAD_INPUT;
  const chosen = choose(collection.mutants, flags.only);
  if (!chosen.ok) return complain(io, chosen.error);
  const progress = startProgress(io, "mutants", chosen.value.length);
  const result = await runMutants(chosen.value, {
    ...{ seed, budgetMs: flags.budget, jobs: flags.jobs ?? availableParallelism(), stop: io.stop },
    ...(flags.searches === undefined ? {} : { searches: flags.searches }),
    progress: ({ id, kind }, done) => progress.update(done, `${done} of ${chosen.value.length}: ${id} ${kind}`),
  }).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  if (flags.verbose === true) {
    for (const { id, title, witness } of report.results) print(io, [`${id}: ${title}`, witness?.text ?? "no witness"]);
  }
  print(io, formatMutants(report, io.columns));
  return saveJson(io, flags.json, report, mutantsExitCode(report));
}
