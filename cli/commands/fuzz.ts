// `rox fuzz`: a campaign, from a minute to days.

import { randomInt } from "node:crypto";
import { existsSync } from "node:fs";
import path from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { ENGINES, engineByName } from "../../engines/index.js";
import { type Loaded, loaded, Refusal, refuse } from "../../harness/bad-input.js";
import { chooseEngines } from "../../harness/engines.js";
import { findingReport } from "../../harness/format/counterexample.js";
import { baselineOf, formatFound, formatFuzz, statusLine } from "../../harness/format/fuzz.js";
import { readTextFile } from "../../harness/input-file.js";
import { makeSubjectCheckers, type Setting } from "../../harness/loop/case-checker.js";
import { FUZZ_ORACLES } from "../../harness/loop/cause.js";
import {
  createCampaign,
  isCampaign,
  type OpenCampaign,
  readSettings,
  resumeCampaign,
} from "../../harness/loop/directory.js";
import { caseFileOf, type FindingFacts, findingsDirectory } from "../../harness/loop/findings.js";
import { fuzz, replayOf } from "../../harness/loop/fuzz.js";
import { differenceOf } from "../../harness/loop/merge.js";
import { canUseThreads, defaultJobs, inlinePool, type Pool, threadPool } from "../../harness/loop/pool.js";
import { SHRINK_BUDGET } from "../../harness/loop/run.js";
import {
  lanesFor,
  parseShard,
  type Shard,
  shardFromEnvironment,
  shardText,
  WHOLE,
  workersFor,
} from "../../harness/loop/shard.js";
import { type CampaignSettings, FORMAT } from "../../harness/loop/state.js";
import { originOf } from "../../harness/origin.js";
import { isFull, unwritable, writeWhole } from "../../harness/output-file.js";
import { version } from "../../harness/project.js";
import { exitCode } from "../../harness/report.js";
import { shellWord } from "../../harness/shell-word.js";
import { KINDS, kindByName } from "../../properties/cases/index.js";
import { defaultSubject } from "../../subjects/index.js";
import { openSubject } from "../../subjects/open.js";
import {
  BASELINE_OPTION,
  complain,
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
import { pluginOption, subjectFor, subjectOption } from "../options.js";
import { pagePlace, saveCampaignPage } from "../page.js";
import { startStatus } from "../progress.js";
import { duration, integer, names } from "../values.js";
import { defineFuzzMerge } from "./fuzz-merge.js";

/** Kinds that never end. */
const KIND_NAMES = KINDS.flatMap(({ name, count }) => (count === undefined ? [name] : []));

interface Flags {
  readonly programs?: number;
  readonly time?: number;
  readonly seed?: number;
  readonly jobs?: number;
  readonly shard?: Shard;
  readonly lanes?: number;
  readonly out?: string;
  readonly resume?: string;
  readonly continue?: true;
  readonly engine?: string;
  readonly oracles?: readonly string[];
  /** The old name of `oracles`. */
  readonly only?: readonly string[];
  readonly subject: string;
  readonly pluginOptions?: string;
  readonly kinds?: readonly string[];
  readonly feedback: boolean;
  readonly hang: number;
  readonly json?: string;
  readonly report?: string;
  readonly baseline?: string;
  readonly junit?: string;
}

const CHUNK = 32;
const DEFAULT_TIME_MS = 600_000;

export const defineFuzz: Define = (program, io, finish) => {
  const command = program.command("fuzz");
  defineFuzzMerge(command, io, finish);
  command
    .description(
      "Try random programs, histories and more for as long as you like, keep what is found, go on where you stopped.",
    )
    .option("--time <t>", "end after that time of the campaign (default: 10m, none with --programs)", duration)
    .option("--programs <n>", "end after the first n cases of any kind, counted over all shards", integer(1, 1e15))
    .option("--jobs <n>", "worker threads (default: one per core)", integer(1, 256))
    .option("--seed <n>", "seed of the campaign (default: a new one)", integer(0, 2 ** 32 - 1))
    .option("--shard <i/n>", "do part i of n (default: what the scheduler says, else all of it)", shard)
    .option("--lanes <n>", "parts that learn on their own, the same for all shards (default: 8)", integer(1, 4096))
    .option("--out <dir>", "directory of the campaign (default: .rox/fuzz-SEED)")
    .option("--resume <dir>", "go on with the campaign in that directory, which must hold one")
    .option("--continue", "go on with the campaign in --out if it holds one, else begin it: for jobs that are requeued")
    .addOption(new Option("--engine <name>", "what runs A64 code").choices(ENGINES.map(({ name }) => name)))
    .option("--kinds <kinds>", `try these kinds only: ${KIND_NAMES.join(", ")}`, kinds)
    .option("--oracles <oracles>", `count these oracles only: ${FUZZ_ORACLES.join(", ")}`, oracles)
    .addOption(new Option("--only <oracles>").argParser(oracles).hideHelp())
    .addOption(subjectOption())
    .addOption(pluginOption())
    .option("--no-feedback", "fresh cases only: no changes of those that reached something rare")
    .option("--hang <t>", "give up a case that takes a worker longer", duration, 30_000)
    .option(...JSON_OPTION)
    .option(...REPORT_OPTION)
    .option(...BASELINE_OPTION)
    .option(...JUNIT_OPTION)
    .addHelpText(
      "after",
      examples([
        "rox fuzz --time 10m --jobs 4 --out campaign",
        "rox fuzz --resume campaign --time 2h",
        "rox fuzz --programs 1000000 --seed 7 --shard 2/8",
        "rox fuzz --programs 1000000 --seed 7 --out shard-$SLURM_ARRAY_TASK_ID --continue",
        "rox fuzz merge all shard-*",
      ]),
    )
    .action(async (flags: Flags) => finish(await runFuzz(flags, io)));
};

function shard(text: string): Shard {
  const parsed = parseShard(text);
  if (parsed !== undefined) return parsed;
  throw new InvalidArgumentError("Expected I/N, with I from 1 to N.");
}

const oracles = (text: string): readonly string[] => known(text, "oracle", FUZZ_ORACLES);
const kinds = (text: string): readonly string[] =>
  known(text, "kind", [...KIND_NAMES, ...KINDS.flatMap(({ oldNames = [] }) => oldNames)]).map(
    (name) => kindByName(name)!.name,
  );

function known(text: string, what: string, all: readonly string[]): readonly string[] {
  const list = names(text);
  const unknown = list.find((name) => !all.includes(name));
  if (unknown === undefined && list.length > 0) return list;
  throw new InvalidArgumentError(`There is no ${what} ${unknown ?? text}; there are ${all.join(", ")}.`);
}

async function runFuzz(flags: Flags, io: Io): Promise<number> {
  if (flags.only !== undefined) renamed(io, "--only", "--oracles");
  const page = pagePlace(flags);
  if (!page.ok) return complain(io, page.error);
  const subject = subjectFor(io, flags.subject, flags);
  if (subject === undefined) return BAD_INPUT;
  const opened = openCampaign(flags);
  if (!opened.ok) return complain(io, opened.error);
  const campaign = opened.value;
  const { settings, directory, state } = campaign;
  print(io, [`seed ${settings.seed}, shard ${shardText(settings.shard)}, in ${directory}`]);
  const { workers, note } = workersFor(flags.jobs ?? defaultJobs(), settings);
  if (note !== undefined && canUseThreads()) print(io, [note]);
  if (state.sums.cases > 0) print(io, [`resumed after ${state.sums.cases} cases`]);
  const setting = settingOf(settings);
  const { checkers: tried } = makeSubjectCheckers(setting);
  const pool = makePool(flags, setting, workers);
  const status = startStatus(io, "fuzz");
  const cases = flags.programs ?? Number.POSITIVE_INFINITY;
  const ms = flags.time ?? (flags.programs === undefined ? DEFAULT_TIME_MS : Number.POSITIVE_INFINITY);
  const limits = { cases, ms, stop: io.stop, shrink: SHRINK_BUDGET };
  const since = baselineOf(state);
  try {
    const report = await fuzz(campaign, pool, tried, limits, {
      onProgress: (now) => status.update(statusLine(now, since, limits)),
      onFinding: async (facts) => {
        status.say(formatFound(facts));
        await writeReport(directory, facts);
      },
    });
    // A process that was killed may have left one without.
    for (const facts of report.findings)
      if (!existsSync(reportFile(directory, facts))) await writeReport(directory, facts);
    status.stop();
    print(io, formatFuzz(report));
    const saved = saveForCi(io, flags.junit, report, saveJson(io, flags.json, report, exitCode(report)));
    const code = page.value === undefined ? saved : await saveCampaignPage(io, directory, page.value, saved);
    const replay = report.failures[0]?.replay;
    if (replay !== undefined) print(io, [replay]);
    return code;
  } catch (error) {
    if (error instanceof Refusal || !isFull(error)) throw error;
    const cases = campaign.state.sums.cases;
    const kept = `what ${cases} cases found is kept; then go on with rox fuzz --resume ${shellWord(directory)}`;
    return complain(io, unwritable(directory, error, kept));
  } finally {
    status.stop();
    await pool.close();
    campaign.close();
  }
}

function openCampaign(flags: Flags): Loaded<OpenCampaign> {
  if (flags.resume !== undefined) {
    const given = (["seed", "shard", "lanes", "out", "engine", "kinds", "oracles", "only", "continue"] as const).find(
      (name) => flags[name] !== undefined,
    );
    if (given === undefined) return resumeCampaign(flags.resume);
    return refuse({
      subject: `--${given}`,
      expected: "a new campaign to set it for",
      got: "--resume, whose campaign has it set",
      next: "leave it out",
    });
  }
  const scheduled = flags.shard === undefined ? shardFromEnvironment(process.env) : loaded(flags.shard);
  if (!scheduled.ok) return scheduled;
  const part = scheduled.value ?? WHOLE;
  if (part.of > 1 && flags.seed === undefined) {
    return refuse({
      subject: `shard ${shardText(part)}`,
      expected: "a seed that all shards share",
      got: "none",
      next: "give --seed",
    });
  }
  const engine = chooseEngines(flags.engine);
  if (!engine.ok) return engine;
  if (flags.lanes !== undefined && flags.lanes < part.of) {
    const next = "give more lanes, the same number for all shards";
    return refuse({
      subject: `--lanes ${flags.lanes}`,
      expected: `at least ${part.of}`,
      got: "fewer than shards",
      next,
    });
  }
  const only = flags.oracles ?? flags.only;
  const seed = flags.seed ?? randomInt(2 ** 32);
  const suffix = part.of > 1 ? `-${part.index}-of-${part.of}` : "";
  const directory = flags.out ?? path.join(".rox", `fuzz-${seed}${suffix}`);
  const settings: CampaignSettings = {
    format: FORMAT,
    version: version(),
    seed,
    shard: part,
    lanes: flags.lanes ?? lanesFor(part),
    kinds: flags.kinds ?? KIND_NAMES,
    chunk: CHUNK,
    feedback: flags.feedback,
    engine: engine.value.engines[0]!.name,
    subject: flags.pluginOptions === undefined ? flags.subject : `${flags.subject} ${flags.pluginOptions}`,
    ...(only === undefined ? {} : { only }),
    origin: originOf(),
  };
  if (flags.continue !== true || !isCampaign(directory)) {
    return createCampaign(directory, settings);
  }
  const there = readSettings(directory);
  if (!there.ok) return there;
  const other = differenceOf({ ...there.value, ...(flags.seed === undefined ? { seed } : {}) }, settings);
  if (other !== undefined || shardText(there.value.shard) !== shardText(part)) {
    const { expected, got } = other ?? { expected: `shard ${shardText(part)}`, got: shardText(there.value.shard) };
    return refuse({ subject: directory, expected: `a campaign of ${expected}`, got, next: "choose another --out" });
  }
  return resumeCampaign(directory);
}

/** @throws Error if its subject or engine is not here */
function settingOf({ subject = defaultSubject.name, engine }: CampaignSettings): Setting {
  const [found, runs] = [openSubject(subject), engineByName(engine)];
  if (!found.ok || runs === undefined) throw new Error(`there is no ${found.ok ? engine : subject} here`);
  return { subject: found.subject, engines: [runs] };
}

function makePool(flags: Flags, setting: Setting, workers: number): Pool {
  if (!canUseThreads()) return inlinePool(makeSubjectCheckers(setting));
  return threadPool(setting, { jobs: workers, hangMs: flags.hang });
}

async function writeReport(campaign: string, facts: FindingFacts): Promise<void> {
  const read = readTextFile(caseFileOf(campaign, facts));
  if (!read.ok) throw new Refusal(read.error);
  writeWhole(reportFile(campaign, facts), await findingReport(facts, read.value, replayOf(campaign, facts)));
}

const reportFile = (campaign: string, { name }: FindingFacts): string =>
  path.join(findingsDirectory(campaign), name, "report.txt");
