// `rox mutants`: does the harness find the bugs that it claims to find?

import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { Option } from "commander";
import { type BadInput, type Loaded, loaded, refuse } from "../../harness/bad-input.js";
import { formatBaselines, formatMutants } from "../../harness/format/mutants.js";
import { partNamed } from "../../harness/gate/plan.js";
import { runBaselines } from "../../harness/mutants/baselines.js";
import { CHANGED, type Changed, folderOf } from "../../harness/mutants/changed.js";
import { choose, readMutants, type Variant, variantOf, variantOfChange } from "../../harness/mutants/collection.js";
import { argued, parseArguments } from "../../harness/mutants/equivalents.js";
import { runImageMutants } from "../../harness/mutants/image/run.js";
import { runMutants } from "../../harness/mutants/mutants.js";
import { mutantsExitCode } from "../../harness/mutants/report.js";
import { checkout } from "../../harness/project.js";
import { shellWord } from "../../harness/shell-word.js";
import { defaultSubject } from "../../subjects/index.js";
import { randomSource } from "../../subjects/random/source.js";
import { complain, type Define, examples, JSON_OPTION, print, renamed, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, INTERRUPTED, type Io } from "../io.js";
import { kernelFor, subjectOption } from "../options.js";
import { startProgress } from "../progress.js";
import { duration, integer, names } from "../values.js";

interface Flags {
  readonly subject: string;
  readonly ids?: readonly string[];
  /** The old name of `ids`. */
  readonly only?: readonly string[];
  readonly searches?: readonly string[];
  readonly budget?: number;
  readonly jobs?: number;
  readonly seed?: number;
  readonly automatic?: number;
  readonly of?: Changed;
  readonly baselines?: true;
  readonly shrink: boolean;
  readonly verbose?: true;
  readonly json?: string;
}

/** Processor time for each. What is gone through once on a kernel image takes 25 s. */
const BUDGET_MS = 30_000;
const IMAGE_BUDGET_MS = 60_000;

export const defineMutants: Define = (program, io, finish) => {
  program
    .command("mutants")
    .description(
      "Plant known bugs in our own sources, or in the machine code of a kernel image, and see whether each is found.",
    )
    .addOption(subjectOption())
    .option("--ids <ids>", "only these ids or groups, separated by commas", names)
    .addOption(new Option("--only <ids>").argParser(names).hideHelp())
    .option("--searches <names>", "only these searches, separated by commas", names)
    .option("--budget <t>", "time of the search for each mutant (default: 30s, of a kernel image 60s)", duration)
    .option("--jobs <n>", "processes at a time (default: one per core)", integer(1, 256))
    .option("--seed <n>", "seed of the searches (default: a new one)", integer(0, 2 ** 32 - 1))
    .option(
      "--automatic <n>",
      "so many small changes anywhere in impl/ instead, drawn by the seed",
      integer(1, 100_000),
    )
    .addOption(
      new Option(
        "--of <sources>",
        "what --automatic changes: our own JIT (default), or the compiled interpreter",
      ).choices([...CHANGED]),
    )
    .option("--baselines", "a table of what less would find: programs, results, corpus, recordings, conformance alone")
    .option("--no-shrink", "make no witness smaller: say only whether each is found, in a third of the time")
    .option("--verbose", "print the witnesses")
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox mutants",
        "rox mutants --ids A01,B24 --verbose",
        "rox mutants --seed 1 --json m.json",
        "rox mutants --subject linux:arch/arm64/boot/Image --budget 20s",
        "rox mutants --automatic 300 --budget 5s",
        "rox mutants --automatic 300 --of interpreter --budget 5s",
      ]),
    )
    .action(async (flags: Flags) => finish(await runMutantsCommand(flags, io)));
};

async function runMutantsCommand(flags: Flags, io: Io): Promise<number> {
  if (flags.of !== undefined && flags.automatic === undefined) {
    return complain(io, {
      ...{ subject: "--of", expected: "--automatic N beside it", got: "none" },
      next: "add it, or leave --of out",
    });
  }
  const seed = flags.seed ?? randomInt(2 ** 32);
  if (flags.subject !== defaultSubject.name) return mutateImage(seed, flags, io);
  if (flags.only !== undefined) renamed(io, "--only", "--ids");
  const ids = flags.ids ?? flags.only;
  const { of = CHANGED[0] } = flags;
  const chosen = flags.automatic === undefined ? planted(ids) : await drawn(flags.automatic, of, seed, ids);
  if (!chosen.ok) return complain(io, chosen.error);
  io.out(`seed ${seed}\n`);
  const { variants, unreadable } = chosen.value;
  if (flags.baselines === true) {
    const [wrong] = unreadable;
    return wrong === undefined ? tabulate(variants, seed, flags, io) : complain(io, wrong);
  }
  // Before hours of work, and then as it goes: what is known so far is never lost.
  const { json } = flags;
  const writable = saveJson(io, json, { command: "mutants", seed, interrupted: true, results: [] }, CLEAN);
  if (writable !== CLEAN) return writable;
  const { length } = variants;
  const progress = startProgress(io, "mutants", length);
  const result = await runMutants(variants, {
    unreadable,
    ...{ seed, budgetMs: flags.budget ?? BUDGET_MS, jobs: flags.jobs ?? availableParallelism(), stop: io.stop },
    ...(flags.searches === undefined ? {} : { searches: flags.searches.map((name) => presentSearch(io, name)) }),
    // What the gate looks at: the corpus comes first there.
    ...(flags.automatic === undefined
      ? {}
      : { beside: of === "interpreter" ? ["corpus", "interpreters"] : ["corpus"] }),
    noWitness: !flags.shrink || (flags.automatic !== undefined && flags.verbose !== true),
    progress: ({ id, kind }, done, report) => {
      progress.update(done, `${done} of ${length}: ${id} ${kind}`);
      saveJson(io, json, report(), CLEAN);
    },
  }).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  if (flags.verbose === true) {
    for (const { id, title, witness } of report.results) print(io, [`${id}: ${title}`, witness?.text ?? "no witness"]);
  }
  print(io, formatMutants(report, io.columns));
  return saveJson(io, flags.json, report, mutantsExitCode(report));
}

/** Edits of the machine code of a kernel image. */
async function mutateImage(seed: number, flags: Flags, io: Io): Promise<number> {
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const [, file] = /^linux:(.*)$/s.exec(flags.subject) ?? [];
  const option = flags.automatic !== undefined ? "--automatic" : flags.baselines === true ? "--baselines" : undefined;
  if (file === undefined || option !== undefined) {
    const got = option ?? flags.subject;
    const next = option === undefined ? "choose another" : "leave it out";
    return complain(io, {
      subject: "--subject",
      expected: "impl, or linux:IMAGE without our own sources",
      got,
      next,
    });
  }
  const { json } = flags;
  const writable = saveJson(io, json, { command: "mutants", seed, interrupted: true, results: [] }, CLEAN);
  if (writable !== CLEAN) return writable;
  io.out(`seed ${seed}\n`);
  const progress = startProgress(io, "mutants", 1000);
  const result = await runImageMutants({
    ...{
      file,
      seed,
      budgetMs: flags.budget ?? IMAGE_BUDGET_MS,
      jobs: flags.jobs ?? availableParallelism(),
      stop: io.stop,
    },
    ...{ ids: flags.ids, searches: flags.searches, known: subject.known ?? new Set() },
    noWitness: !flags.shrink || flags.verbose !== true,
    progress: ({ id, kind }, done, of, report) => {
      progress.update(Math.floor((1000 * done) / of), `${done} of ${of}: ${id} ${kind}`);
      saveJson(io, json, report(), CLEAN);
    },
  }).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  if (flags.verbose === true) {
    for (const { id, title, reenacts, witness } of report.results) {
      print(io, [`${id}: ${title}`, reenacts, witness?.text ?? "no witness"]);
    }
  }
  print(io, formatMutants(report, io.columns));
  const code = saveJson(io, json, report, mutantsExitCode(report));
  print(io, [`again: npx rox mutants --subject ${shellWord(flags.subject)} --seed ${seed}`]);
  return code;
}

/** Searches are called like the parts of the gate. */
function presentSearch(io: Io, name: string): string {
  const present = partNamed(name) ?? name;
  if (present !== name) renamed(io, `the search ${name}`, present);
  return present;
}

async function tabulate(variants: readonly Variant[], seed: number, flags: Flags, io: Io): Promise<number> {
  const progress = startProgress(io, "mutants", variants.length);
  let running = "";
  const result = await runBaselines(
    variants,
    {
      ...{ seed, budgetMs: flags.budget ?? BUDGET_MS, jobs: flags.jobs ?? availableParallelism(), stop: io.stop },
      progress: ({ id, kind }, done) =>
        progress.update(done, `${running}: ${done} of ${variants.length}: ${id} ${kind}`),
    },
    (name) => {
      running = name;
    },
  ).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  print(io, formatBaselines(result.value));
  return saveJson(io, flags.json, result.value, result.value.interrupted ? INTERRUPTED : CLEAN);
}

/** What to plant, and what cannot be planted: the others are tried nevertheless. */
interface Chosen {
  readonly variants: readonly Variant[];
  readonly unreadable: readonly BadInput[];
}

function planted(only: readonly string[] | undefined): Loaded<Chosen> {
  const sources = checkout("mutants");
  if (!sources.ok) return sources;
  const root = sources.value;
  const { mutants, unreadable } = readMutants(path.join(root, "mutants"));
  const chosen = choose(mutants, only);
  if (!chosen.ok) {
    const [wrong] = unreadable;
    return wrong === undefined ? chosen : refuse(wrong);
  }
  const made = chosen.value.map((mutant) => variantOf(root, mutant));
  return loaded({
    variants: made.flatMap((one) => (one.ok ? [one.value] : [])),
    unreadable: [...unreadable, ...made.flatMap((one) => (one.ok ? [] : [one.error]))],
  });
}

/** A sample of the small changes; the compiler that finds them is no dependency of the package. */
async function drawn(
  count: number,
  of: Changed,
  seed: number,
  only: readonly string[] | undefined,
): Promise<Loaded<Chosen>> {
  const sources = checkout("mutants");
  if (!sources.ok) return sources;
  const root = sources.value;
  const { allChanges } = await import("../../harness/mutants/automatic.js");
  const changes = allChanges(root, of);
  const file = path.join(root, "mutants", "equivalent-changes.txt");
  const read = parseArguments(file, readFileSync(file, "utf8"));
  if (!read.ok) return read;
  const mine = read.value.filter((one) => one.file.startsWith(`${folderOf(of)}/`));
  const whys = argued(mine, changes, (name) => readFileSync(path.join(root, name), "utf8"));
  if (!whys.ok) return whys;
  const numbered = changes.map((change, number) => ({ change, number }));
  const variant = ({ change, number }: (typeof numbered)[number]): Variant =>
    variantOfChange(root, change, number, whys.value.get(change));
  const all = (of: typeof numbered): Loaded<Chosen> => loaded({ variants: of.map(variant), unreadable: [] });
  if (only !== undefined) return all(numbered.filter(({ number }) => only.includes(`Z${number}`)));
  const source = randomSource(seed, 0);
  const keyed = numbered.map((one) => ({ ...one, key: source.nextInt() })).toSorted((a, b) => a.key - b.key);
  return all(keyed.slice(0, count));
}
