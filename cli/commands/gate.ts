// `rox gate`: the check that a change has to pass.

import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import path from "node:path";
import { InvalidArgumentError } from "commander";
import { loadCaseText } from "../../harness/case-file.js";
import { foundCase, foundProgram } from "../../harness/counterexample.js";
import { formatCounterexample } from "../../harness/format/counterexample.js";
import { formatGate } from "../../harness/format/gate.js";
import { formatListing } from "../../harness/format/listing.js";
import { differenceLine } from "../../harness/format/text.js";
import { tryFixed } from "../../harness/gate/fixed.js";
import { type GateOptions, type GateParts, type GateReport, gate } from "../../harness/gate/gate.js";
import { gateParts } from "../../harness/gate/parts.js";
import { compileCase } from "../../harness/listing.js";
import { corpusDirectory } from "../../harness/project.js";
import { exitCode } from "../../harness/report.js";
import { sequencePool } from "../../harness/sequences/pool.js";
import { sequences } from "../../harness/sequences/sequences.js";
import { directedCases } from "../../properties/directed/index.js";
import { defaultSubject } from "../../subjects/index.js";
import {
  complainAll,
  type Define,
  examples,
  JSON_OPTION,
  JUNIT_OPTION,
  print,
  REPORT_OPTION,
  saveForCi,
  saveJson,
} from "../command.js";
import { BAD_INPUT, type Io } from "../io.js";
import { duration, engineOption, enginesFor, integer, names } from "../options.js";
import { savePage } from "../page.js";
import { startProgress } from "../progress.js";

interface Flags {
  readonly programs?: number;
  readonly seed?: number;
  readonly from: number;
  readonly jobs?: number;
  readonly time?: number;
  readonly corpus?: string;
  readonly out: string;
  readonly engine?: string;
  readonly histories: number;
  readonly rows: number;
  readonly tracings: number;
  readonly exhaustive: boolean;
  readonly only?: readonly Part[];
  readonly json?: string;
  readonly report?: string;
  readonly junit?: string;
}

/** What the gate is made of, in the order of its work. */
const PARTS = ["corpus", "edges", "encoders", "programs", "small-scope", "histories", "rows", "tracing"] as const;
type Part = (typeof PARTS)[number];

const DEFAULT_BUDGET_MS = 25_000;
const DEFAULT_HISTORIES = 6000;
const DEFAULT_ROWS = 6000;
const DEFAULT_TRACINGS = 6000;
const CHUNK = 100;
/** Of so many programs the report looks at the code of one, which costs about 3 % of the speed. */
const CELLS_EVERY = 8;

export const defineGate: Define = (program, io, finish) => {
  program
    .command("gate")
    .description(
      "Replay the corpus, then check fresh random programs, histories and other cases: about a minute and a half.",
    )
    .option("--programs <n>", "generated programs (default: as many as the time allows)", integer(1, 1e12))
    .option("--time <t>", "time for generated programs, such as 60s (default: 25s, none with --programs)", duration)
    .option("--seed <n>", "seed of the generated programs (default: a new one)", integer(0, 2 ** 32 - 1))
    .option("--from <n>", "index of the first program", integer(0, 1e12), 0)
    .option("--jobs <n>", "worker threads (default: one per core)", integer(1, 256))
    .option("--corpus <dir>", "case files replayed first (default: those of the project)")
    .option("--out <dir>", "where a counterexample is written", path.join(".rox", "findings"))
    .option(
      "--histories <n>",
      "random histories of loads, runs, attaches and frees",
      integer(0, 1e9),
      DEFAULT_HISTORIES,
    )
    .option("--rows <n>", "random cases of rows that only a verifier makes", integer(0, 1e9), DEFAULT_ROWS)
    .option("--tracings <n>", "random functions with programs attached", integer(0, 1e9), DEFAULT_TRACINGS)
    .option("--no-exhaustive", "leave out what is tried exhaustively: small histories, pokes, failing steps")
    .option("--only <parts>", `these parts only: ${PARTS.join(", ")}`, parts)
    .addOption(engineOption())
    .option(...JSON_OPTION)
    .option(...REPORT_OPTION)
    .option(...JUNIT_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox gate",
        "rox gate --programs 20000 --seed 7 --jobs 2",
        "rox gate --time 10m --json gate.json --report gate",
        "rox gate --only edges,encoders",
      ]),
    )
    .action(async (flags: Flags) => finish(await runGate(flags, io)));
};

function parts(text: string): readonly Part[] {
  return names(text).map((name) => {
    const part = PARTS.find((known) => known === name);
    if (part === undefined) throw new InvalidArgumentError(`There is no part ${name}.`);
    return part;
  });
}

async function runGate(flags: Flags, io: Io): Promise<number> {
  const engines = enginesFor(io, flags.engine);
  if (engines === undefined) return BAD_INPUT;
  const seed = flags.seed ?? randomInt(2 ** 32);
  io.out(`seed ${seed}\n`);
  const isWanted = (part: Part): boolean => flags.only?.includes(part) ?? true;
  const programs = isWanted("programs") ? (flags.programs ?? Number.POSITIVE_INFINITY) : 0;
  const budgetMs = flags.time ?? (flags.programs === undefined ? DEFAULT_BUDGET_MS : Number.POSITIVE_INFINITY);
  const progress = startProgress(io, "gate", 1000);
  const options: GateOptions = {
    seed,
    from: flags.from,
    programs,
    budgetMs,
    chunk: CHUNK,
    stop: io.stop,
    corpus: isWanted("corpus") ? (flags.corpus ?? projectCorpus()) : undefined,
    findings: flags.out,
    ...(flags.report === undefined ? {} : { cellsEvery: CELLS_EVERY }),
    progress: (tally, elapsedMs) => {
      const share = Math.min(1, Math.max(tally.programs / programs, elapsedMs / budgetMs));
      progress.update(Math.round(1000 * share), `${tally.programs} programs, ${Math.round(elapsedMs / 1000)} s`);
    },
  };
  const jobs = flags.jobs ?? availableParallelism();
  const programParts = gateParts(jobs, engines);
  const pool = sequencePool(jobs);
  const parts: GateParts = {
    ...programParts,
    fixed: () =>
      tryFixed(seed, { edges: isWanted("edges") ? directedCases(defaultSubject) : [], encoders: isWanted("encoders") }),
    sequences: () => {
      const counts = {
        histories: isWanted("histories") ? flags.histories : 0,
        rows: isWanted("rows") ? flags.rows : 0,
        tracings: isWanted("tracing") ? flags.tracings : 0,
        exhaustive: flags.exhaustive && isWanted("small-scope"),
      };
      const tell = (done: number, of: number): void =>
        progress.update(Math.round((1000 * done) / of), `${done} of ${of} batches of cases`);
      const { corpus, findings, stop } = options;
      return sequences({ seed, ...counts, corpus, findings, stop, progress: tell }, pool);
    },
  };
  try {
    const result = await gate(options, parts);
    const { report, finding, caseFindings } = result;
    progress.stop();
    complainAll(io, report.unreadable);
    const saved = saveForCi(io, flags.junit, report, saveJson(io, flags.json, report, exitCode(report)));
    const about = { engines: engines.map(({ name }) => name), check: parts.trials.check, from: flags.from };
    const page = async () => (await import("../../harness/report/gate-data.js")).gateData(result, about);
    const code = flags.report === undefined ? saved : await savePage(io, flags.report, page, saved);
    print(io, formatGate(report, io.columns));
    const found = [...(finding === undefined ? [] : [foundProgram(finding)]), ...caseFindings.map(foundCase)];
    for (const one of found) print(io, ["", ...(await formatCounterexample(one, io.columns))]);
    const failedFile = report.corpus.failures[0]?.name;
    if (failedFile !== undefined) print(io, await listingOf(failedFile, io.columns));
    const shown = new Set(found.flatMap(({ file }) => file ?? []));
    print(io, replayLines(report, shown));
    return code;
  } finally {
    progress.stop();
    await Promise.all([parts.pool.close(), pool.close()]);
  }
}

/** Undefined in a copy without one: a corpus is missed only where it was asked for. */
function projectCorpus(): string | undefined {
  const directory = corpusDirectory();
  return existsSync(directory) ? directory : undefined;
}

/** The code of a corpus file that failed, BPF beside A64. */
async function listingOf(file: string, columns: number): Promise<string[]> {
  const read = loadCaseText(file);
  const compiled = read.ok ? await compileCase(read.value) : read;
  return compiled.ok ? ["", ...formatListing(compiled.value.listing, columns)] : [];
}

/** Failures that were not shown yet, and as the last line how to see the first of them again. */
function replayLines({ failures }: GateReport, shown: ReadonlySet<string>): string[] {
  const rest = failures.filter(({ name }) => !shown.has(name));
  return [
    ...rest.map((failure) => `${failure.name}: ${differenceLine(failure)}`),
    ...rest.slice(0, 1).flatMap(({ replay }) => replay ?? []),
  ];
}
