// What workers write for the main thread: it is what the main thread would write, and it is all that is kept.

import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { defaultSubject } from "../../subjects/index.js";
import { version } from "../project.js";
import { runCampaign } from "./campaign.js";
import { type CaseCheckers, makeCaseCheckers } from "./case-checker.js";
import type { ChunkResult } from "./chunk.js";
import { createCampaign } from "./directory.js";
import { inlinePool, type Pool } from "./pool.js";
import { WHOLE } from "./shard.js";
import { FORMAT } from "./state.js";

const real = makeCaseCheckers({ engines: [referenceEngine] });
const workers = inlinePool({ subject: defaultSubject, checkers: real });

/** Cases in which each lane learns from what it has kept, of each kind, and changes it. */
const CASES = 2 * 4 * 24;

/** What is kept, where each chunk comes to what `come` makes of it. */
async function kept(checkers: CaseCheckers, come: (result: ChunkResult) => ChunkResult) {
  const opened = createCampaign(path.join(mkdtempSync(path.join(tmpdir(), "rox-drafts-")), "c"), {
    ...{ format: FORMAT, version: version(), seed: 7, shard: WHOLE, lanes: 2, chunk: 4, feedback: true },
    ...{ engine: "reference", kinds: ["programs", "histories", "verifier-only", "trampolines"] },
  });
  if (!opened.ok) throw new Error(opened.error.got);
  const campaign = opened.value;
  const pool: Pool = {
    ...workers,
    async chunk(task) {
      const answer = await workers.chunk(task);
      return answer.ok ? { ok: true, result: come(answer.result) } : answer;
    },
  };
  const limits = { cases: CASES, ms: 1e9, stop: new AbortController().signal, shrink: { runs: 1, ms: 1e9 } };
  try {
    await runCampaign(campaign, pool, checkers, limits);
  } finally {
    campaign.close();
  }
  const seeds = path.join(campaign.directory, "seeds");
  const files = readdirSync(seeds).sort();
  return {
    state: { ...campaign.state.snapshot(), elapsedMs: 0 },
    seeds: files.map((name) => [name, readFileSync(path.join(seeds, name), "utf8")]),
  };
}

const withoutDrafts = (result: ChunkResult): ChunkResult => ({ ...result, drafts: [], packed: [] });

/** The main thread cannot make a case, print or read one. */
const helpless: CaseCheckers = Object.fromEntries(
  Object.entries(real).map(([name, checker]) => {
    const unable = (): never => {
      throw new Error("made by the main thread");
    };
    const { kind } = checker;
    const change = kind.change && unable;
    return [
      name,
      { ...checker, kind: { ...kind, fresh: unable, print: unable, parse: unable, ...(change && { change }) } },
    ];
  }),
);

test("all that is kept is written by workers, and is what the main thread would have written", async () => {
  let mutants = 0;
  let packed = 0;
  const byWorkers = await kept(helpless, (result) => {
    mutants += result.mutants.length;
    packed += result.packed.length;
    return result;
  });
  expect(Math.min(mutants, packed)).toBeGreaterThan(10);
  expect(byWorkers.seeds.length).toBeGreaterThan(100);
  expect(await kept(real, withoutDrafts)).toEqual(byWorkers);
});

test("a case without a draft is made again", async () => {
  await expect(kept(helpless, withoutDrafts)).rejects.toThrow("made by the main thread");
});
