// `rox gate`: the check that a change has to pass.

import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { Option } from "commander";
import { formatCounterexample } from "../../harness/format/counterexample.js";
import { formatGate } from "../../harness/format/gate.js";
import { differenceLine } from "../../harness/format/text.js";
import { type GateOptions, type GateReport, gate } from "../../harness/gate/gate.js";
import { kindPlans, partNamed, partNames } from "../../harness/gate/plan.js";
import { makeSubjectCheckers } from "../../harness/loop/case-checker.js";
import { canUseThreads, defaultJobs, HANG_MS, inlinePool, threadPool } from "../../harness/loop/pool.js";
import { corpusDirectory } from "../../harness/project.js";
import { exitCode } from "../../harness/report.js";
import { KINDS } from "../../properties/cases/index.js";
import { makeCheck } from "../../properties/cases/program/check.js";
import { directedCases } from "../../properties/directed/index.js";
import { type AnySubject, isKernel } from "../../subjects/program-subject.js";
import {
  BASELINE_OPTION,
  complain,
  complainAll,
  type Define,
  examples,
  JSON_OPTION,
  JUNIT_OPTION,
  print,
  REPORT_OPTION,
  renamed,
  saveForCi,
  saveJson,
} from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { engineOption, enginesFor, exactOption, pluginOption, subjectFor, subjectOption } from "../options.js";
import { pagePlace, savePage } from "../page.js";
import { startProgress } from "../progress.js";
import { duration, integer, names } from "../values.js";

interface Flags {
  readonly programs?: number;
  readonly seed?: number;
  readonly from: number;
  readonly jobs?: number;
  readonly time?: number;
  readonly corpus?: string;
  readonly out: string;
  readonly engine?: string;
  readonly subject: string;
  readonly pluginOptions?: string;
  readonly exact?: true;
  readonly strict?: true;
  /** False: the old `--no-exhaustive`. */
  readonly exhaustive: "none" | "classes" | "full" | false;
  readonly only?: readonly string[];
  readonly keepGoing?: true;
  readonly json?: string;
  readonly report?: string;
  readonly baseline?: string;
  readonly junit?: string;
  /** Cases by option, as `--verifier-only`. */
  readonly [cases: string]: unknown;
}

/** Numbers of cases, and no time: two machines try the same. */
const DEFAULT_PROGRAMS = 30_000;
const DEFAULT_CASES = 6000;
/** Of a kernel image, which compiles with some 36,000 instructions of its own. */
const IMAGE_PROGRAMS = 20_000;
/** Of a kernel image, whose own allocator fills each new pack word by word. */
const IMAGE_CASES = 400;
/** What asks a kernel nothing that a built one cannot answer, such as packs of another size. */
const IMAGE_PARTS: readonly string[] = [
  "corpus",
  "directed",
  "programs",
  "histories",
  "verifier-only",
  "trampolines",
  "exhaustive",
];
/** Of so many cases the report looks at the code of one, which costs about 3 % of the speed. */
const POINTS_EVERY = 8;

/** Drawn kinds beside the first, which are programs. */
const COUNTED = KINDS.slice(1).filter(({ count }) => count === undefined);
/** Options that still work, and what they are called now. */
const OLD_COUNTS = { rows: "verifier-only", tracings: "trampolines" };

export const defineGate: Define = (program, io, finish) => {
  const command = program
    .command("gate")
    .description("Replay the corpus, then check fresh random programs, histories and other cases: a minute or two.")
    .option(
      "--programs <n>",
      `generated programs (default: ${DEFAULT_PROGRAMS}, of a kernel image ${IMAGE_PROGRAMS}, none with --time)`,
      integer(1, 1e12),
    )
    .option("--time <t>", "end generated programs after that time, such as 60s", duration)
    .option("--seed <n>", "seed of the generated programs (default: a new one)", integer(0, 2 ** 32 - 1))
    .option("--from <n>", "index of the first program", integer(0, 1e12), 0)
    .option("--jobs <n>", "worker threads (default: one per core)", integer(1, 256))
    .option("--corpus <dir>", "case files replayed first (default: those of the project)")
    .option("--out <dir>", "where a counterexample is written", path.join(".rox", "findings"));
  for (const { name, what } of COUNTED) {
    command.option(
      `--${name} <n>`,
      `random cases of ${what} (default: ${DEFAULT_CASES}, of a kernel image ${IMAGE_CASES})`,
      integer(0, 1e9),
    );
  }
  for (const old of Object.keys(OLD_COUNTS)) {
    command.addOption(new Option(`--${old} <n>`).argParser(integer(0, 1e9)).hideHelp());
  }
  command
    .addOption(
      new Option("--exhaustive <how>", "small histories, failing steps, and pokes: one of each class, or every one")
        .choices(["none", "classes", "full"])
        .default("classes"),
    )
    .addOption(new Option("--no-exhaustive").hideHelp())
    .option("--only <parts>", `these parts only: ${partNames().join(", ")}`, names)
    .option("--keep-going", "run the parts behind one that has failed as well")
    .addOption(engineOption())
    .addOption(subjectOption())
    .addOption(exactOption())
    .option("--strict", "of a kernel image: a known defect of Linux that it has is a failure")
    .addOption(pluginOption())
    .option(...JSON_OPTION)
    .option(...REPORT_OPTION)
    .option(...BASELINE_OPTION)
    .option(...JUNIT_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox gate",
        "rox gate --programs 20000 --seed 7 --jobs 2",
        "rox gate --time 10m --json gate.json --report gate",
        "rox gate --only directed,encoders",
      ]),
    )
    .action(async (flags: Flags) => finish(await runGate(flags, io)));
};

/** The parts by their present names, with a note for each old one; undefined if one is none, and then that was said. */
function partsFor(io: Io, given: readonly string[] | undefined, subject: AnySubject): readonly string[] | undefined {
  const known = isImage(subject) ? IMAGE_PARTS : partNames();
  const found = (given ?? known).map((name) => ({ name, present: partNamed(name) }));
  for (const { name, present } of found) {
    if (present === undefined) {
      const expected = `parts of the gate (${partNames().join(", ")})`;
      complain(io, { subject: "--only", expected, got: name, next: "name some of them" });
      return undefined;
    }
    if (!known.includes(present)) {
      const next = "name some of them, or leave out --only";
      complain(io, { subject: "--only", expected: `parts for a kernel image (${known.join(", ")})`, got: name, next });
      return undefined;
    }
    if (present !== name) renamed(io, `the part ${name}`, present);
  }
  return found.map(({ present }) => present!);
}

const camel = (name: string): string => name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** By kind, of those that were given. */
function casesFor(io: Io, flags: Flags): Record<string, number> {
  const cases: Record<string, number> = {};
  for (const [old, present] of Object.entries(OLD_COUNTS)) {
    if (flags[old] === undefined) continue;
    renamed(io, `--${old}`, `--${present}`);
    cases[present] = flags[old] as number;
  }
  for (const { name } of COUNTED) {
    const given = flags[camel(name)];
    if (given !== undefined) cases[name] = given as number;
  }
  return cases;
}

/** Whether it is somebody's kernel, built as it is. */
const isImage = (subject: AnySubject): boolean => isKernel(subject) && subject.build !== undefined;

const rangesOf = (how: Flags["exhaustive"]): GateOptions["exhaustive"] =>
  how === false || how === "none" ? undefined : how;

async function runGate(flags: Flags, io: Io): Promise<number> {
  const page = pagePlace(flags);
  if (!page.ok) return complain(io, page.error);
  const engines = enginesFor(io, flags.engine);
  const subject = engines && subjectFor(io, flags.subject, flags);
  const parts = subject && partsFor(io, flags.only, subject);
  if (engines === undefined || subject === undefined || parts === undefined) return BAD_INPUT;
  if (flags.exhaustive === false) renamed(io, "--no-exhaustive", "--exhaustive none");
  const cases = casesFor(io, flags);
  const seed = flags.seed ?? randomInt(2 ** 32);
  io.out(`seed ${seed}\n`);
  const isWanted = (part: string): boolean => parts.includes(part);
  const progress = startProgress(io, "gate", 1000);
  const [programs, others] = isImage(subject) ? [IMAGE_PROGRAMS, IMAGE_CASES] : [DEFAULT_PROGRAMS, DEFAULT_CASES];
  const options: GateOptions = {
    seed,
    kinds: kindPlans(isWanted, {
      programs: flags.programs ?? (flags.time === undefined ? programs : Number.POSITIVE_INFINITY),
      from: flags.from,
      budgetMs: flags.time ?? Number.POSITIVE_INFINITY,
      ...{ cases, others },
    }),
    directed: isWanted("directed") && isKernel(subject) ? directedCases(subject) : [],
    encoders: isWanted("encoders"),
    exhaustive: isWanted("exhaustive") ? rangesOf(flags.exhaustive) : undefined,
    corpus: isWanted("corpus") ? (flags.corpus ?? projectCorpus()) : undefined,
    findings: flags.out,
    strict: flags.strict === true,
    keepGoing: flags.keepGoing === true,
    onFailed: async (part, shortest, failed) => {
      progress.stop();
      const of = failed === 1 ? "" : `, the shortest of ${failed}`;
      print(io, [`${part} failed${of}:`, ...(await formatCounterexample(shortest, io.columns)), ""]);
    },
    pointsEvery: flags.report === undefined ? 0 : POINTS_EVERY,
    stop: io.stop,
    progress: (share, note) => progress.update(Math.round(1000 * Math.min(1, share)), note),
  };
  const setting = { subject, engines };
  const jobs = flags.jobs ?? defaultJobs();
  const pool =
    jobs > 1 && canUseThreads()
      ? threadPool(setting, { jobs, hangMs: HANG_MS })
      : inlinePool(makeSubjectCheckers(setting));
  try {
    const result = await gate(options, setting, pool);
    const { report } = result;
    progress.stop();
    complainAll(io, report.unreadable);
    const saved = saveForCi(io, flags.junit, report, saveJson(io, flags.json, report, exitCode(report)));
    const about = {
      engines: engines.map(({ name }) => name),
      subject,
      check: makeCheck({ subject, engines }),
      from: flags.from,
    };
    const data = async () => (await import("../../harness/report/gate-data.js")).gateData(result, about);
    const code = page.value === undefined ? saved : await savePage(io, page.value, data, saved);
    print(io, formatGate(report, io.columns));
    print(io, replayLines(report));
    return code;
  } finally {
    progress.stop();
    await pool.close();
  }
}

/** Undefined in a copy without one: a corpus is missed only where it was asked for. */
function projectCorpus(): string | undefined {
  const directory = corpusDirectory();
  return existsSync(directory) ? directory : undefined;
}

/** One line for each failure, and as the last one how to see the first of them again. */
function replayLines({ failures }: GateReport): string[] {
  return [
    ...failures.map((failure) => `${failure.name}: ${differenceLine(failure)}`),
    ...failures.slice(0, 1).flatMap(({ replay }) => replay ?? []),
  ];
}
