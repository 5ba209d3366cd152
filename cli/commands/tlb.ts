// `rox tlb`: what packing saves in the instruction TLB.

import { Option } from "commander";
import { loadWorkload } from "../../harness/cost/cost.js";
import { formatTlb } from "../../harness/format/tlb.js";
import { writeTlbPage } from "../../harness/report/tlb-page.js";
import { SURROUNDINGS } from "../../harness/tlb/stresser.js";
import { tlbOf } from "../../harness/tlb/tlb.js";
import { ITLB_MODELS, itlbModel } from "../../machine/itlb/models.js";
import { complain, type Define, examples, JSON_OPTION, print, REPORT_OPTION, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, type Io } from "../io.js";
import { kernelFor, subjectOption } from "../options.js";
import { startProgress } from "../progress.js";
import { integer } from "../values.js";

interface Flags {
  readonly model: string;
  readonly subject: string;
  readonly userPages: number;
  readonly dataPages: number;
  readonly seed: number;
  readonly json?: string;
  readonly report?: string;
}

export const defineTlb: Define = (program, io, finish) => {
  program
    .command("tlb")
    .description("Fetch as the series' stresser does, through a model of an instruction TLB: pages against packs.")
    .argument("[workload]", "what is loaded: a workload's name or file", "stresser")
    .addOption(
      new Option("--model <name>", "the core that is modelled")
        .choices(ITLB_MODELS.map(({ name }) => name))
        .default(ITLB_MODELS[0]!.name),
    )
    .addOption(subjectOption())
    .option("--user-pages <n>", "pages of user code between two events", integer(0, 100_000), SURROUNDINGS.userPages)
    .option("--data-pages <n>", "pages of data for each of user code", integer(0, 1000), SURROUNDINGS.dataPerCode)
    .option("--seed <n>", "seed of what is drawn", integer(0, 2 ** 32 - 1), 1)
    .option(...JSON_OPTION)
    .option(...REPORT_OPTION)
    .addHelpText("after", examples(["rox tlb", "rox tlb stresser --model apple-like", "rox tlb --report tlb/"]))
    .action((name: string, flags: Flags) => finish(runTlb(name, flags, io)));
};

function runTlb(name: string, flags: Flags, io: Io): number {
  const workload = loadWorkload(name);
  if (!workload.ok) return complain(io, workload.error);
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const progress = startProgress(io, "tlb", 1);
  const { userPages, dataPages: dataPerCode, seed } = flags;
  const result = tlbOf(workload.value, {
    ...{ subject, model: itlbModel(flags.model)!, seed },
    surroundings: { ...SURROUNDINGS, userPages, dataPerCode },
    progress: (what) => progress.update(0, what),
  });
  progress.stop();
  if (!result.ok) return complain(io, result.error);
  const report = result.value;
  print(io, formatTlb(report, io.columns));
  if (flags.report !== undefined) {
    const written = writeTlbPage(flags.report, report);
    if (!written.ok) return complain(io, written.error);
    print(io, [`report: ${written.value}`]);
  }
  return saveJson(io, flags.json, report, CLEAN);
}
