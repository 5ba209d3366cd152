// `rox cost`: what a workload costs with pages and with packs, and what it cost in older versions of the series.

import { InvalidArgumentError, Option } from "commander";
import {
  ALLOCATORS,
  type Allocator,
  allocatorOf,
  costOf,
  loadWorkload,
  workloadNames,
} from "../../harness/cost/cost.js";
import { SERIES, type SeriesVersion } from "../../harness/cost/series.js";
import { formatCost } from "../../harness/format/cost.js";
import { defaultSubject } from "../../subjects/index.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, INTERRUPTED, type Io } from "../io.js";
import { kernelFor, subjectOption } from "../options.js";
import { startProgress } from "../progress.js";
import { integer, names } from "../values.js";

interface Flags {
  readonly allocator?: readonly Allocator[];
  readonly series?: readonly SeriesVersion[];
  readonly subject: string;
  readonly sample: number;
  readonly pageBytes?: string;
  readonly seed: number;
  readonly json?: string;
}

export const defineCost: Define = (program, io, finish) => {
  program
    .command("cost")
    .description("Count what a workload asks of the machine, and estimate its time: pages against packs.")
    .argument("[workload]", "a file, or one of those below", "test_tag")
    .addOption(oneOf("--allocator <names>", "page, pack or both (default: both)", ALLOCATORS))
    .addOption(
      oneOf("--series <versions>", `versions of the series, of ${SERIES.join(",")} (needs a checkout)`, SERIES),
    )
    .addOption(subjectOption())
    .option("--sample <n>", "of rounds that leave nothing behind, run one in n", integer(1, 4096), 1)
    .addOption(new Option("--page-bytes <n>", "size of a page (default: 4096)").choices(["4096", "16384", "65536"]))
    .option("--seed <n>", "seed of what is drawn", integer(0, 2 ** 32 - 1), 1)
    .option(...JSON_OPTION)
    // Asked for only when help is printed: every command is defined at every start.
    .addHelpText("after", () => `\nWorkloads: ${workloadNames().join(", ")}`)
    .addHelpText(
      "after",
      examples([
        "rox cost",
        "rox cost test_tag --series v4,v5,v6 --allocator page,pack",
        "rox cost container_host --json cost.json",
        "rox cost mine.workload",
      ]),
    )
    .action(async (name: string, flags: Flags) => finish(await runCost(name, flags, io)));
};

function oneOf<T extends string>(flag: string, about: string, all: readonly T[]): Option {
  const parse = (text: string): readonly T[] => {
    const wanted = names(text);
    const unknown = wanted.find((name) => !all.some((known) => known === name));
    if (unknown !== undefined) throw new InvalidArgumentError(`Expected ${all.join(", ")}, got ${unknown}.`);
    return all.filter((name) => wanted.includes(name));
  };
  return new Option(flag, about).argParser(parse);
}

async function runCost(name: string, flags: Flags, io: Io): Promise<number> {
  const workload = loadWorkload(name);
  if (!workload.ok) return complain(io, workload.error);
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const isOurs = subject === defaultSubject;
  const chosen = flags.allocator === undefined ? (flags.series === undefined ? undefined : "--series") : "--allocator";
  if (!isOurs && chosen !== undefined) {
    const expected = `no ${chosen} with the subject ${subject.name}, which has one allocator and is of one version`;
    return complain(io, { subject: chosen, expected, got: "one", next: "leave it out" });
  }
  const { pageBytes = 4096, images = "packs" } = subject.fixed ?? {};
  if (subject.fixed !== undefined && flags.pageBytes !== undefined && Number(flags.pageBytes) !== pageBytes) {
    const expected = `pages of ${pageBytes} bytes, which ${subject.name} was built with`;
    return complain(io, { subject: "--page-bytes", expected, got: flags.pageBytes, next: "leave it out" });
  }
  const progress = startProgress(io, "cost", 1);
  const result = await costOf(workload.value, {
    ...{
      allocators: flags.allocator ?? (isOurs ? ALLOCATORS : [allocatorOf(images)]),
      series: flags.series ?? ["v6"],
      subject,
      seed: flags.seed,
      every: flags.sample,
    },
    pageBytes: Number(flags.pageBytes ?? pageBytes) as 4096 | 16384 | 65536,
    stop: io.stop,
    progress: (column) => progress.update(0, column),
  }).finally(() => progress.stop());
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  print(io, formatCost(report, io.columns));
  return saveJson(io, flags.json, report, report.interrupted ? INTERRUPTED : CLEAN);
}
