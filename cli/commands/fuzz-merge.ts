// `rox fuzz merge`: shards as one campaign.

import type { Command } from "commander";
import { mergeCampaigns } from "../../harness/loop/merge.js";
import { complain, examples, JSON_OPTION, print, saveJson } from "../command.js";
import { CLEAN, COUNTEREXAMPLE, type Io } from "../io.js";

export function defineFuzzMerge(fuzz: Command, io: Io, finish: (code: number) => void): void {
  fuzz
    .command("merge")
    .description("Shards of one campaign as one: cases, coverage points, findings by cause, one report.")
    .argument("<out>", "the folder of the merged campaign; what it holds already counts once")
    .argument("<campaign...>", "folders of shards, or of campaigns merged before")
    .option(...JSON_OPTION)
    .addHelpText("after", examples(["rox fuzz merge all shard-1 shard-2", "rox report all"]))
    .action((out: string, from: string[], flags: { readonly json?: string }) => finish(runMerge(out, from, flags, io)));
}

function runMerge(out: string, from: readonly string[], flags: { readonly json?: string }, io: Io): number {
  const merged = mergeCampaigns(out, from);
  if (!merged.ok) return complain(io, merged.error);
  const { shards, of, cases, points, findings } = merged.value;
  const missing = of - shards.length;
  print(io, [
    `${out}: ${shards.length} of ${of} shards, ${cases} cases, ${points} coverage points, ${findings} findings` +
      `${missing > 0 ? `; ${missing} are missing` : ""}`,
  ]);
  return saveJson(io, flags.json, { command: "fuzz merge", ...merged.value }, findings > 0 ? COUNTEREXAMPLE : CLEAN);
}
