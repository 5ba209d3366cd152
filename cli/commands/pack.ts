// `rox pack`: the packs after a history, drawn; or how full they are over a long one.

import { formatOverTime } from "../../harness/format/over-time.js";
import { formatMemoryMap } from "../../harness/format/pack-map.js";
import { loadHistory } from "../../harness/history-file.js";
import { fillOverTime } from "../../harness/packs/over-time.js";
import { sizeEvents } from "../../harness/packs/sources.js";
import { writeOverTimePage } from "../../harness/report/over-time-page.js";
import { memoryMap } from "../../harness/report/pack-map.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, COUNTEREXAMPLE, type Io } from "../io.js";
import { kernelFor, subjectOption } from "../options.js";
import { integer } from "../values.js";

interface Flags {
  readonly subject: string;
  readonly overTime?: true;
  readonly seed: number;
  readonly report?: string;
  readonly json?: string;
}

export const definePack: Define = (program, io, finish) => {
  program
    .command("pack")
    .description("Draw the packs as a history leaves them: which chunks are live, trampolines, slack and free.")
    .argument("<file>", "a history (.history); over time also a workload, or a recording of allocations (.jsonl.gz)")
    .option("--over-time", "how full packs are on the way, at several pack sizes and with several policies")
    .addOption(subjectOption())
    .option("--seed <n>", "seed of what a workload draws", integer(0, 2 ** 32 - 1), 1)
    .option(...JSON_OPTION)
    .option("--report <dir>", "with --over-time: also write plots for a browser, one file, index.html")
    .addHelpText(
      "after",
      examples([
        "rox pack found.history",
        "rox pack corpus/old-code-behind-a-shorter-image.history",
        "rox pack container_host --over-time --report packs/",
      ]),
    )
    .action(async (file: string, flags: Flags) =>
      finish(flags.overTime === true ? await runOverTime(file, flags, io) : runPack(file, flags, io)),
    );
};

async function runOverTime(name: string, flags: Flags, io: Io): Promise<number> {
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const events = await sizeEvents(name, subject, flags.seed);
  if (!events.ok) return complain(io, events.error);
  const { length } = events.value;
  const rows = fillOverTime(events.value);
  print(io, formatOverTime(name, length, rows, io.columns));
  if (flags.report !== undefined) {
    const written = writeOverTimePage(flags.report, name, length, rows);
    if (!written.ok) return complain(io, written.error);
    print(io, [`report: ${written.value}`]);
  }
  return saveJson(io, flags.json, { command: "pack", file: name, events: length, seed: flags.seed, rows }, CLEAN);
}

function runPack(file: string, flags: Flags, io: Io): number {
  if (flags.report !== undefined) {
    return complain(io, { subject: "--report", expected: "--over-time with it", got: "none", next: "add --over-time" });
  }
  const read = loadHistory(file);
  if (!read.ok) return complain(io, read.error);
  const subject = kernelFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const map = memoryMap(read.value, subject);
  print(io, formatMemoryMap(map, io.columns));
  return saveJson(io, flags.json, { command: "pack", ...map }, map.broken === undefined ? CLEAN : COUNTEREXAMPLE);
}
