// Campaigns in this process, on a small generator: they depend on seed and index only, however they are cut.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import { KINDS } from "../../properties/cases/index.js";
import { defaultSubject } from "../../subjects/index.js";
import { wrongCheckers } from "../../testing/campaign.js";
import { version } from "../project.js";
import { runCampaign } from "./campaign.js";
import { type CaseCheckers, makeCaseCheckers } from "./case-checker.js";
import { createCampaign, type OpenCampaign, resumeCampaign } from "./directory.js";
import { mergeCampaigns } from "./merge.js";
import { inlinePool, type Pool } from "./pool.js";
import { readCampaign } from "./read.js";
import { lanesFor, type Shard, WHOLE } from "./shard.js";
import { type CampaignSettings, FORMAT } from "./state.js";

const KIND_NAMES = KINDS.map(({ name }) => name);
const real = makeCaseCheckers({ engines: [referenceEngine] });
const scratch = (): string => path.join(mkdtempSync(path.join(tmpdir(), "rox-campaign-")), "c");
const settings = (shard: Shard = WHOLE, given: Partial<CampaignSettings> = {}): CampaignSettings => ({
  ...{
    format: FORMAT,
    kinds: KIND_NAMES,
    version: version(),
    seed: 7,
    shard,
    lanes: lanesFor(shard),
    chunk: 4,
    feedback: true,
    engine: "reference",
  },
  ...given,
});

function begin(given?: CampaignSettings): OpenCampaign {
  const opened = createCampaign(scratch(), given ?? settings());
  if (!opened.ok) throw new Error(opened.error.got);
  return opened.value;
}

async function run(
  campaign: OpenCampaign,
  limit: number,
  checkers: CaseCheckers = real,
  stop = new AbortController().signal,
) {
  const limits = { cases: limit, ms: 1e9, stop, shrink: { runs: 500, ms: 1e9 } };
  await runCampaign(campaign, inlinePool({ subject: defaultSubject, checkers }), checkers, limits);
  campaign.close();
  const read = readCampaign(campaign.directory);
  if (!read.ok) throw new Error(read.error.got);
  return read.value;
}
/** Cases in which each of the eight lanes learns twice from what it has reached. */
const ROUNDS = 3 * 8 * 4;
const points = (state: { readonly points: ReadonlyMap<string, number> }): string[] => [...state.points.keys()].sort();

describe("a campaign", () => {
  test("in two shards reaches what it reaches in one", async () => {
    const one = await run(begin(), ROUNDS);
    const first = await run(begin(settings({ index: 1, of: 2 })), ROUNDS);
    const second = await run(begin(settings({ index: 2, of: 2 })), ROUNDS);
    expect(one.state.sums.cases).toBe(ROUNDS);
    expect(first.state.sums.cases + second.state.sums.cases).toBe(ROUNDS);
    expect([...new Set([...points(first.state), ...points(second.state)])].sort()).toEqual(points(one.state));
  });

  test("has the next chunk ready for each worker while it keeps what came of the last, never two of a lane", async () => {
    const pool = inlinePool({ subject: defaultSubject, checkers: real });
    let under = 0;
    let most = 0;
    const chunk: Pool["chunk"] = async (task) => {
      most = Math.max(most, ++under);
      try {
        return await pool.chunk(task);
      } finally {
        under--;
      }
    };
    const limits = { cases: ROUNDS, ms: 1e9, stop: new AbortController().signal, shrink: { runs: 1, ms: 1e9 } };
    const campaign = begin();
    await runCampaign(campaign, { ...pool, chunk }, real, limits);
    campaign.close();
    expect(most).toBe(2);
    const lone = begin(settings(WHOLE, { lanes: 1, kinds: ["programs"] }));
    most = 0;
    await runCampaign(lone, { ...pool, chunk }, real, { ...limits, cases: 16 });
    lone.close();
    expect(most).toBe(1);
  });

  test("shards that are merged are one campaign, in whatever order and however often", async () => {
    const one = await run(begin(), ROUNDS, wrongCheckers);
    const seeds = (directory: string) => readdirSync(path.join(directory, "seeds")).sort();
    const shards = await Promise.all(
      [1, 2].map(async (index) => {
        const campaign = begin(settings({ index, of: 2 }));
        await run(campaign, ROUNDS, wrongCheckers);
        return campaign.directory;
      }),
    );
    const [a, b] = shards as [string, string];
    const factsOf = (read: ReturnType<typeof readCampaign>) => {
      if (!read.ok) throw new Error(read.error.got);
      const { state, findings } = read.value;
      const causes = findings.map(({ facts }) => facts.name);
      return { cases: state.sums.cases, passed: state.sums.passed, points: points(state), causes };
    };
    const together = [scratch(), scratch(), scratch()] as const;
    expect(mergeCampaigns(together[0], [a, b])).toMatchObject({
      ok: true,
      value: { shards: ["1/2", "2/2"], cases: ROUNDS },
    });
    mergeCampaigns(together[1], [b]);
    mergeCampaigns(together[1], [a, b, a]);
    mergeCampaigns(together[2], [together[0]]);
    mergeCampaigns(together[2], [together[1], a]);
    const { state, findings } = one;
    const expected = {
      ...{ cases: ROUNDS, passed: state.sums.passed, points: points(state) },
      causes: findings.map(({ facts }) => facts.name),
    };
    for (const directory of together) {
      expect(factsOf(readCampaign(directory))).toEqual(expected);
      expect(seeds(directory)).toEqual([...new Set([...seeds(a), ...seeds(b)])].sort());
      const shrunkOf = (place: string) =>
        readdirSync(path.join(place, "corpus")).map((name) => readFileSync(path.join(place, "corpus", name), "utf8"));
      expect(shrunkOf(directory)).toEqual(shrunkOf(together[0]));
    }
    const other = begin(settings(WHOLE, { seed: 8 }));
    other.close();
    expect(mergeCampaigns(together[0], [other.directory])).toMatchObject({
      ok: false,
      error: { expected: "seed 7", got: "8" },
    });
    expect(mergeCampaigns(a, [b])).toMatchObject({ ok: false, error: { got: "a campaign that is none" } });
  });

  test("findings of shards are those of one run, whatever their cases were shrunk to", async () => {
    const programs = wrongCheckers.programs!;
    // Nobody knows what is to blame in a large program, and small ones blame different instructions.
    const vague: CaseCheckers = {
      ...wrongCheckers,
      programs: {
        ...programs,
        blame: (c, found) => (programs.kind.size(c) > 3 ? "?" : programs.blame(c, found)),
      },
    };
    const named = ({ findings }: Awaited<ReturnType<typeof run>>) => findings.map(({ facts: { name } }) => name);
    const formsOf = ({ findings }: Awaited<ReturnType<typeof run>>) =>
      findings.flatMap(({ forms }) => forms.map(({ facts: { name } }) => name));
    const whole = begin(settings(WHOLE, { kinds: ["programs"] }));
    const one = await run(whole, 320, vague);
    const shards = await Promise.all(
      [1, 2, 3, 4].map(async (index) => {
        const campaign = begin(settings({ index, of: 4 }, { kinds: ["programs"] }));
        return { directory: campaign.directory, ...(await run(campaign, 320, vague)) };
      }),
    );
    const together = scratch();
    mergeCampaigns(together, shards.map(({ directory }) => directory).reverse());
    const merged = readCampaign(together);
    if (!merged.ok) throw new Error(merged.error.got);
    expect(named(merged.value)).toEqual(named(one));
    // The shards came to other forms, of which nothing is lost.
    expect(formsOf(merged.value).length).toBeGreaterThan(0);
    const all = new Set(shards.flatMap((shard) => [...named(shard), ...formsOf(shard)]));
    expect(new Set([...named(merged.value), ...formsOf(merged.value)])).toEqual(all);
    expect(readdirSync(path.join(together, "corpus"))).toHaveLength(all.size);
  });

  test("stopped and resumed is the same campaign", async () => {
    const whole = await run(begin(), ROUNDS);
    const stop = new AbortController();
    let judged = 0;
    const stopping: CaseCheckers = {
      ...real,
      programs: {
        ...real.programs!,
        check: (c, notice) => {
          if (++judged === 40) stop.abort();
          return real.programs!.check(c, notice);
        },
      },
    };
    const first = begin();
    const half = await run(first, ROUNDS, stopping, stop.signal);
    expect(half.state.sums.cases).toBeLessThan(ROUNDS);
    const resumed = resumeCampaign(first.directory);
    if (!resumed.ok) throw new Error(resumed.error.got);
    expect((await run(resumed.value, ROUNDS)).state.snapshot()).toMatchObject({
      ...whole.state.snapshot(),
      elapsedMs: expect.any(Number),
    });
  });

  test("ends with what its timer could not write", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const campaign = begin();
    const samples = path.join(campaign.directory, "samples.jsonl");
    let judged = 0;
    const blocking: CaseCheckers = {
      ...real,
      programs: {
        ...real.programs!,
        check: (c, notice) => {
          if (++judged === 1) {
            mkdirSync(samples);
            vi.advanceTimersToNextTimer();
            rmdirSync(samples);
          }
          return real.programs!.check(c, notice);
        },
      },
    };
    await expect(run(campaign, ROUNDS, blocking)).rejects.toThrow("EISDIR");
    expect(judged).toBeGreaterThan(0);
    vi.useRealTimers();
    campaign.close();
    const resumed = resumeCampaign(campaign.directory);
    if (!resumed.ok) throw new Error(resumed.error.got);
    expect((await run(resumed.value, ROUNDS)).state.sums.cases).toBe(ROUNDS);
  });

  test("keeps one directory for each cause, with the case shrunk, and counts the rest", async () => {
    const campaign = begin(settings(WHOLE, { feedback: false }));
    const { findings, state } = await run(campaign, 150, wrongCheckers);
    expect(new Set(findings.map(({ facts }) => facts.kind))).toEqual(new Set(["programs", "histories"]));
    for (const { facts, shrunk, original } of findings) {
      const isProgram = facts.kind === "programs";
      expect(facts.cause).toMatchObject(
        isProgram ? { oracle: "compiles", reason: "no division" } : { oracle: "no-leak", reason: "objects" },
      );
      expect(facts.size.shrunk).toBeLessThanOrEqual(isProgram ? 3 : 4);
      expect(facts.file).toBe(isProgram ? "case.bpf" : "case.history");
      expect(shrunk).toMatch(isProgram ? /\/=/ : /^free #/m);
      expect(original.length).toBeGreaterThan(shrunk.length / 4);
    }
    expect([...state.findings.values()].reduce((a, b) => a + b)).toBeGreaterThan(findings.length);
    const corpus = path.join(campaign.directory, "corpus");
    expect(readdirSync(corpus)).toHaveLength(findings.length);
    const entry = readdirSync(corpus).find((name) => name.endsWith(".bpf"))!;
    expect(readFileSync(path.join(corpus, entry), "utf8")).toMatch(/^# title: [^\n]+: no division\n/);
  });

  test("leaves out what --oracles does not name", async () => {
    const { state } = await run(begin(settings(WHOLE, { only: ["exec-match"] })), 96, wrongCheckers);
    expect(state.findings.size).toBe(0);
    expect(state.ignored).toBeGreaterThan(0);
  });

  test("of another format is refused in one line", async () => {
    const campaign = begin();
    campaign.close();
    const file = path.join(campaign.directory, "campaign.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(`"format": ${FORMAT}`, '"format": 1'));
    expect(resumeCampaign(campaign.directory)).toMatchObject({ ok: false, error: { got: "format 1" } });
  });

  test("is one process's at a time, and not begun twice", () => {
    const campaign = begin();
    expect(createCampaign(campaign.directory, settings())).toMatchObject({ ok: false });
    campaign.close();
    expect(resumeCampaign(path.dirname(campaign.directory))).toMatchObject({ ok: false, error: { got: "none" } });
  });
});
