// `rox pack`: the packs after a history, drawn.

import { formatMemoryMap } from "../../harness/format/pack-map.js";
import { loadHistory } from "../../harness/history-file.js";
import { memoryMap } from "../../harness/report/pack-map.js";
import { complain, type Define, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { BAD_INPUT, CLEAN, COUNTEREXAMPLE, type Io } from "../io.js";
import { subjectFor, subjectOption } from "../options.js";

interface Flags {
  readonly subject: string;
  readonly json?: string;
}

export const definePack: Define = (program, io, finish) => {
  program
    .command("pack")
    .description("Draw the packs as a history leaves them: which chunks are live, trampolines, slack and free.")
    .argument("<file>", "a history (.history)")
    .addOption(subjectOption())
    .option(...JSON_OPTION)
    .addHelpText(
      "after",
      examples(["rox pack found.history", "rox pack corpus/old-code-behind-a-shorter-image.history"]),
    )
    .action((file: string, flags: Flags) => finish(runPack(file, flags, io)));
};

function runPack(file: string, flags: Flags, io: Io): number {
  const read = loadHistory(file);
  if (!read.ok) return complain(io, read.error);
  const subject = subjectFor(io, flags.subject);
  if (subject === undefined) return BAD_INPUT;
  const map = memoryMap(read.value, subject);
  print(io, formatMemoryMap(map, io.columns));
  return saveJson(io, flags.json, { command: "pack", ...map }, map.broken === undefined ? CLEAN : COUNTEREXAMPLE);
}
