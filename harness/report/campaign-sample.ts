// A small campaign with findings, for tests: its witness refuses every division.

import { runCampaign } from "../fuzz/campaign.js";
import type { FuzzTrials } from "../fuzz/chunk.js";
import { createCampaign } from "../fuzz/directory.js";
import { inlinePool } from "../fuzz/pool.js";
import { type ReadCampaign, readCampaign } from "../fuzz/read.js";
import { WHOLE } from "../fuzz/shard.js";
import { fuzzTrials } from "../fuzz/trials.js";
import { version } from "../project.js";

const real = fuzzTrials("reference");

/** Answers wrong for every program that has a division. */
export const wrongDivision: FuzzTrials = {
  ...real,
  check: (c) => {
    const { checked, cells } = real.check(c);
    const guilty = c.program.code.flat().find(({ row }) => row.kind === "alu" && row.op === "div");
    if (guilty === undefined) return { checked, cells };
    const verdict = { kind: "disagree" as const, where: "compilation", expected: "an image", actual: "no division" };
    return { checked: { ...checked, verdict, runs: [] }, cells };
  },
  judge: (c) => wrongDivision.check(c).checked,
};

export async function smallCampaign(directory: string): Promise<ReadCampaign> {
  const opened = createCampaign(directory, {
    ...{ format: 1, version: version(), seed: 7, shard: WHOLE, lanes: 8, chunk: 8, feedback: true },
    engine: "reference",
  });
  if (!opened.ok) throw new Error(opened.error.came);
  const limits = { programs: 64, ms: 1e9, stop: new AbortController().signal, shrinkRuns: 500, shrinkMs: 1e9 };
  await runCampaign(opened.value, inlinePool(wrongDivision), wrongDivision.fresh, limits);
  opened.value.close();
  const read = readCampaign(directory);
  if (!read.ok) throw new Error(read.error.came);
  return read.value;
}
