// A campaign as it is, for reports: read from its directory without touching it, even while a process works on it.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded } from "../bad-input.js";
import { readSettings } from "./directory.js";
import { type FindingFacts, findingsDirectory } from "./findings.js";
import { readLog } from "./log.js";
import { type CampaignRecord, type CampaignSettings, CampaignState } from "./state.js";

/** A line of `samples.jsonl`. */
export interface Sample {
  /** Of the campaign. */
  readonly ms: number;
  readonly trials: number;
  /** A64 instructions. */
  readonly executed: number;
  readonly cells: number;
  readonly findings: number;
}

export interface KeptFinding {
  readonly facts: FindingFacts;
  /** Case file texts. */
  readonly shrunk: string;
  readonly original: string;
  /** Cases that failed for that cause. */
  readonly times: number;
}

export interface ReadCampaign {
  readonly settings: CampaignSettings;
  /** Sums, findings and `cells`: see `cells/cells.ts` for what a cell says. */
  readonly state: CampaignState;
  readonly samples: readonly Sample[];
  readonly findings: readonly KeptFinding[];
}

export function readCampaign(directory: string): Loaded<ReadCampaign> {
  const settings = readSettings(directory);
  if (!settings.ok) return settings;
  const log = readLog(directory);
  if (!log.ok) return log;
  const state = new CampaignState(settings.value);
  for (const record of log.value) state.apply(record as CampaignRecord);
  return loaded({
    settings: settings.value,
    state,
    samples: readSamples(path.join(directory, "samples.jsonl")),
    findings: readFindings(directory, state),
  });
}

/** Lines that are not whole are left out: samples are for plots only. */
function readSamples(file: string): readonly Sample[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as Sample];
      } catch {
        return [];
      }
    });
}

/** What is known of a finding; undefined where its directory is gone. */
export function readFacts(campaign: string, name: string): FindingFacts | undefined {
  const file = path.join(findingsDirectory(campaign), name, "finding.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as FindingFacts) : undefined;
}

function readFindings(campaign: string, state: CampaignState): readonly KeptFinding[] {
  const directory = findingsDirectory(campaign);
  const names = readdirSync(directory).filter((name) => !name.startsWith("."));
  return names.sort().map((name) => {
    const read = (file: string): string => readFileSync(path.join(directory, name, file), "utf8");
    const facts = JSON.parse(read("finding.json")) as FindingFacts;
    const original = read(`original${path.extname(facts.file)}`);
    return { facts, shrunk: read(facts.file), original, times: state.findings.get(name) ?? 1 };
  });
}
