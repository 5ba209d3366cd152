// `rox mutants`: does the harness find the bugs that it claims to find?

import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import path from "node:path";
import { type Loaded, loaded, refuse } from "../../harness/bad-input.js";
import { formatMutants } from "../../harness/format/mutants.js";
import { randomSource } from "../../harness/gate/random-source.js";
import { choose, readMutants } from "../../harness/mutants/collection.js";
import { runMutants } from "../../harness/mutants/mutants.js";
import { mutantsExitCode } from "../../harness/mutants/report.js";
import { type Variant, variantOf, variantOfChange } from "../../harness/mutants/variant.js";
import { projectRoot } from "../../harness/project.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import type { Io } from "../io.js";
import { duration, integer, names } from "../options.js";
import { startProgress } from "../progress.js";

interface Flags {
  readonly only?: readonly string[];
  readonly searches?: readonly string[];
  readonly budget: number;
  readonly jobs?: number;
  readonly seed?: number;
  readonly automatic?: number;
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
    .option(
      "--automatic <n>",
      "so many small changes anywhere in impl/ instead, drawn by the seed",
      integer(1, 100_000),
    )
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
  const chosen = flags.automatic === undefined ? planted(flags.only) : await drawn(flags.automatic, seed);
  if (!chosen.ok) return complain(io, chosen.error);
  const { length } = chosen.value;
  const progress = startProgress(io, "mutants", length);
  const result = await runMutants(chosen.value, {
    ...{ seed, budgetMs: flags.budget, jobs: flags.jobs ?? availableParallelism(), stop: io.stop },
    ...(flags.searches === undefined ? {} : { searches: flags.searches }),
    noWitness: flags.automatic !== undefined && flags.verbose !== true,
    progress: ({ id, kind }, done) => progress.update(done, `${done} of ${length}: ${id} ${kind}`),
  }).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  if (flags.verbose === true) {
    for (const { id, title, witness } of report.results) print(io, [`${id}: ${title}`, witness?.text ?? "no witness"]);
  }
  print(io, formatMutants(report, io.columns));
  return saveJson(io, flags.json, report, mutantsExitCode(report));
}

function planted(only: readonly string[] | undefined): Loaded<readonly Variant[]> {
  const root = projectRoot();
  const { mutants, unreadable } = readMutants(path.join(root, "mutants"));
  const [wrong] = unreadable;
  if (wrong !== undefined) return refuse(wrong);
  const chosen = choose(mutants, only);
  if (!chosen.ok) return chosen;
  const variants: Variant[] = [];
  for (const mutant of chosen.value) {
    const variant = variantOf(root, mutant);
    if (!variant.ok) return variant;
    variants.push(variant.value);
  }
  return loaded(variants);
}

/** A sample of the small changes; the compiler that finds them is no dependency of the package. */
async function drawn(count: number, seed: number): Promise<Loaded<readonly Variant[]>> {
  const root = projectRoot();
  const { allChanges } = await import("../../harness/mutants/automatic.js");
  const numbered = allChanges(root).map((change, number) => ({ change, number }));
  const source = randomSource(seed, 0);
  const keyed = numbered.map((one) => ({ ...one, key: source.nextInt() })).toSorted((a, b) => a.key - b.key);
  return loaded(keyed.slice(0, count).map(({ change, number }) => variantOfChange(root, change, number)));
}
