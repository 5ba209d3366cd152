// Shards of one campaign as one campaign: what they tried, reached and found together. Each shard is kept as what it said
// last, so that merging it again, or a later state of it, counts it once; the order does not matter.

import { existsSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import { parseJson } from "../json.js";
import { earlierOf } from "../origin.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { reportJson } from "../report.js";
import { isCampaign } from "./directory.js";
import { campaignCorpus, type FindingFacts, findingsDirectory } from "./findings.js";
import { logLine } from "./log.js";
import { type KeptForm, readCampaign, type Sample } from "./read.js";
import { SCHEMAS, shaped } from "./schema.js";
import { seedNames, seedsDirectory } from "./seeds.js";
import { type Shard, shardText, WHOLE } from "./shard.js";
import { type CampaignSettings, CampaignState, type SnapshotRecord } from "./state.js";

interface Part {
  readonly shard: Shard;
  readonly said: SnapshotRecord;
  readonly samples: readonly Sample[];
}

interface MergedCampaign {
  readonly directory: string;
  readonly shards: readonly string[];
  /** Of the campaign that the shards are parts of, how many there are. */
  readonly of: number;
  readonly cases: number;
  readonly points: number;
  readonly findings: number;
}

const PARTS = "shards.json";

/** @param from campaigns: shards, or campaigns that were merged before */
export function mergeCampaigns(into: string, from: readonly string[]): Loaded<MergedCampaign> {
  const parts = new Map<string, Part>();
  const findings = new Map<string, KeptForm>();
  let settings: CampaignSettings | undefined;
  const known = isCampaign(into) ? [into] : [];
  for (const directory of [...known, ...from.filter((name) => path.resolve(name) !== path.resolve(into))]) {
    const read = readCampaign(directory);
    if (!read.ok) return read;
    const { settings: own, state, samples } = read.value;
    settings = settings === undefined ? own : { ...settings, ...originOfBoth(settings, own) };
    const other = differenceOf(settings, own);
    if (other !== undefined) {
      return refuse({ subject: directory, ...other, next: "merge shards that were started alike" });
    }
    const inside = partsOf(directory);
    if (!inside.ok) return inside;
    if (inside.value === undefined && directory === into) {
      const expected = "a folder for the merged campaign";
      return refuse({ subject: into, expected, got: "a campaign that is none", next: "choose another folder" });
    }
    for (const part of inside.value ?? [{ shard: own.shard, said: state.snapshot(), samples }]) keepPart(parts, part);
    for (const finding of read.value.findings) {
      for (const form of [finding, ...finding.forms]) keepSmaller(findings, form);
    }
  }
  if (settings === undefined) {
    return refuse({ subject: into, expected: "campaigns to merge", got: "none", next: "name their folders" });
  }
  const sorted = [...parts.values()].sort((a, b) => a.shard.index - b.shard.index);
  const merged = write(into, { ...settings, shard: WHOLE }, sorted, [...findings.values()]);
  const copied = merged.ok ? copySeeds(into, from) : merged;
  return copied.ok ? merged : copied;
}

/** The same index is the same case in whatever campaign it is. */
function copySeeds(into: string, from: readonly string[]): Loaded<string> {
  const target = seedsDirectory(into);
  const made = makeDirectory(target);
  if (!made.ok) return made;
  const there = new Set(seedNames(into));
  for (const campaign of from) {
    for (const name of seedNames(campaign)) {
      if (there.has(name)) continue;
      there.add(name);
      const text = readTextFile(path.join(seedsDirectory(campaign), name));
      const written = text.ok ? writeOutputFile(path.join(target, name), text.value) : text;
      if (!written.ok) return written;
    }
  }
  return made;
}

function originOfBoth({ origin: a }: CampaignSettings, { origin: b }: CampaignSettings) {
  const origin = a === undefined || b === undefined ? (a ?? b) : earlierOf(a, b);
  return origin === undefined ? {} : { origin };
}

const SAME = ["format", "version", "seed", "lanes", "chunk", "feedback", "engine", "subject"] as const;

/** Why two campaigns are not shards of one. */
export function differenceOf(a: CampaignSettings, b: CampaignSettings) {
  const wrong = SAME.find((key) => a[key] !== b[key]);
  if (wrong !== undefined) return { expected: `${wrong} ${String(a[wrong])}`, got: String(b[wrong]) };
  for (const key of ["kinds", "only"] as const) {
    const [first, second] = [a[key]?.join(","), b[key]?.join(",")];
    if (first !== second) return { expected: `${key} ${first ?? "all"}`, got: second ?? "all" };
  }
  return undefined;
}

const casesOf = ({ said }: Part): number => said.lanes.reduce((sum, { done }) => sum + done, 0);

/** Of the same shard, the one that got further. */
function keepPart(parts: Map<string, Part>, part: Part): void {
  const name = shardText(part.shard);
  const before = parts.get(name);
  if (before === undefined || casesOf(part) > casesOf(before)) parts.set(name, part);
}

/** Of the same name, the smaller case; of two as small, one that does not depend on the order. */
function keepSmaller(findings: Map<string, KeptForm>, finding: KeptForm): void {
  const { name, size } = finding.facts;
  const before = findings.get(name);
  const isBetter =
    before === undefined ||
    size.shrunk < before.facts.size.shrunk ||
    (size.shrunk === before.facts.size.shrunk && finding.shrunk < before.shrunk);
  if (isBetter) findings.set(name, finding);
}

/** What a merged campaign was merged from; undefined if it is a shard itself. */
function partsOf(directory: string): Loaded<readonly Part[] | undefined> {
  const file = path.join(directory, PARTS);
  if (!existsSync(file)) return loaded(undefined);
  const text = readTextFile(file);
  if (!text.ok) return text;
  const json = parseJson(file, text.value);
  if (!json.ok) return json;
  const read = shaped(SCHEMAS.parts, json.value);
  if ("value" in read) return loaded(read.value as unknown as readonly Part[]);
  return refuse({ subject: file, expected: "the shards of a campaign", got: read.wrong, next: "merge them anew" });
}

function write(
  directory: string,
  settings: CampaignSettings,
  parts: readonly Part[],
  findings: readonly KeptForm[],
): Loaded<MergedCampaign> {
  const state = new CampaignState(settings);
  // Lanes of different shards are different lanes.
  for (const { said } of parts) state.apply(said);
  for (const place of [directory, findingsDirectory(directory), campaignCorpus(directory)]) {
    const made = makeDirectory(place);
    if (!made.ok) return made;
  }
  const files: [string, string][] = [
    [PARTS, reportJson(parts)],
    ["log-000001.jsonl", `${logLine(state.snapshot())}\n`],
    ["samples.jsonl", samplesOf(parts, state)],
    ...findings.flatMap((finding) => findingFiles(finding)),
    // Last: with it, the folder is a campaign.
    ["campaign.json", reportJson(settings)],
  ];
  for (const [name, text] of files) {
    const file = path.join(directory, name);
    const made = makeDirectory(path.dirname(file));
    const written = made.ok ? writeOutputFile(file, text) : made;
    if (!written.ok) return written;
  }
  return loaded({
    ...{ directory, shards: parts.map(({ shard }) => shardText(shard)), of: parts[0]?.shard.of ?? 1 },
    ...{
      cases: state.sums.cases,
      points: state.points.size,
      findings: state.causes().size,
    },
  });
}

function findingFiles({ facts, shrunk, original }: KeptForm): [string, string][] {
  const extension = path.extname(facts.file);
  const place = path.join("findings", facts.name);
  return [
    [path.join(place, facts.file), shrunk],
    [path.join(place, `original${extension}`), original],
    [path.join(place, "finding.json"), reportJson(facts)],
    ...(isEntry(facts) ? [[path.join("corpus", `${facts.name}${extension}`), shrunk] as [string, string]] : []),
  ];
}

const isEntry = ({ notRepeated }: FindingFacts): boolean => notRepeated === undefined;

/** The shards side by side in time. The points that they reached together are known at the end only. */
function samplesOf(parts: readonly Part[], state: CampaignState): string {
  const all = parts.flatMap(({ samples }, part) => samples.map((sample) => ({ part, sample })));
  const latest = new Map<number, Sample>();
  const causes = state.causes().size;
  const lines = all
    .sort((a, b) => a.sample.ms - b.sample.ms)
    .map(({ part, sample }) => {
      latest.set(part, sample);
      const now = [...latest.values()];
      const total = (of: (one: Sample) => number): number => now.reduce((sum, one) => sum + of(one), 0);
      return {
        ...{ ms: sample.ms, cases: total(({ cases }) => cases), executed: total(({ executed }) => executed) },
        points: Math.min(
          state.points.size,
          total(({ points }) => points),
        ),
        findings: Math.min(
          causes,
          total(({ findings }) => findings),
        ),
      };
    });
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
