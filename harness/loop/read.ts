// A campaign as it is, for reports: read from its directory without touching it, even while a process works on it.

import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { type Loaded, loaded, refuse } from "../bad-input.js";
import { readTextFile } from "../input-file.js";
import { parseJson } from "../json.js";
import { applyRecords, readSettings } from "./directory.js";
import { type FindingFacts, findingsDirectory } from "./findings.js";
import { readLog } from "./log.js";
import { SCHEMAS, shaped } from "./schema.js";
import { type CampaignSettings, CampaignState, type Seen } from "./state.js";

/** A line of `samples.jsonl`. */
export interface Sample {
  /** Of the campaign. */
  readonly ms: number;
  readonly cases: number;
  /** A64 instructions. */
  readonly executed: number;
  readonly points: number;
  readonly findings: number;
}

export interface KeptForm {
  readonly facts: FindingFacts;
  /** Case file texts. */
  readonly shrunk: string;
  readonly original: string;
  /** Cases that failed for that cause. */
  readonly times: number;
}

/** What stands for a cause. */
export interface KeptFinding extends KeptForm {
  /** What other cases of the same cause became when they were made smaller. */
  readonly forms: readonly KeptForm[];
  /** A case of it; undefined where nobody wrote down the time. */
  readonly seen?: Seen;
}

export interface ReadCampaign {
  readonly settings: CampaignSettings;
  /** Sums, findings and `points`: see `properties/coverage/` for what a point says. */
  readonly state: CampaignState;
  readonly samples: readonly Sample[];
  readonly findings: readonly KeptFinding[];
}

export function readCampaign(directory: string): Loaded<ReadCampaign> {
  const settings = readSettings(directory);
  if (!settings.ok) return settings;
  const log = readLog(directory);
  if (!log.ok) return log;
  const state = applyRecords(directory, new CampaignState(settings.value), log.value);
  if (!state.ok) return state;
  const samples = readSamples(path.join(directory, "samples.jsonl"));
  if (!samples.ok) return samples;
  const findings = readFindings(directory, state.value);
  if (!findings.ok) return findings;
  return loaded({
    ...{ settings: settings.value, state: state.value },
    ...{ samples: samples.value, findings: findings.value },
  });
}

/** Lines that are not whole are left out: samples are for plots only. */
function readSamples(file: string): Loaded<readonly Sample[]> {
  if (!existsSync(file)) return loaded([]);
  const text = readTextFile(file);
  if (!text.ok) return text;
  return loaded(
    text.value.split("\n").flatMap((line) => {
      const json = parseJson(file, line);
      const sample = json.ok ? shaped(SCHEMAS.sample, json.value) : undefined;
      return sample !== undefined && "value" in sample ? [sample.value] : [];
    }),
  );
}

/** What is known of a finding; undefined where its directory is gone. */
export function readFacts(campaign: string, name: string): Loaded<FindingFacts> | undefined {
  const file = path.join(findingsDirectory(campaign), name, "finding.json");
  if (!existsSync(file)) return undefined;
  const text = readTextFile(file);
  if (!text.ok) return text;
  const json = parseJson(file, text.value);
  if (!json.ok) return json;
  const facts = shaped(SCHEMAS.finding, json.value);
  if ("value" in facts) return loaded(facts.value);
  return refuse({ subject: file, expected: "a finding", got: facts.wrong, next: "restore the file" });
}

function readFindings(campaign: string, state: CampaignState): Loaded<readonly KeptFinding[]> {
  const directory = findingsDirectory(campaign);
  const names = existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith(".")) : [];
  const kept = new Map<string, KeptForm>();
  for (const name of names.sort()) {
    const read = readForm(campaign, name, state.findings.get(name) ?? 1);
    if (!read.ok) return read;
    kept.set(name, read.value);
  }
  return loaded(byCause(kept, state));
}

function readForm(campaign: string, name: string, times: number): Loaded<KeptForm> {
  const facts = readFacts(campaign, name);
  const place = path.join(findingsDirectory(campaign), name);
  if (facts === undefined) {
    const next = "restore the folder, or remove it";
    return refuse({ subject: place, expected: "a folder with finding.json", got: "none", next });
  }
  if (!facts.ok) return facts;
  const { file } = facts.value;
  const shrunk = readTextFile(path.join(place, file));
  const original = readTextFile(path.join(place, `original${path.extname(file)}`));
  if (!shrunk.ok) return shrunk;
  if (!original.ok) return original;
  return loaded({ facts: facts.value, shrunk: shrunk.value, original: original.value, times });
}

/** What the log does not know, since the process ended before it said so, stands for itself. */
function byCause(kept: ReadonlyMap<string, KeptForm>, state: CampaignState): readonly KeptFinding[] {
  const formsOf = new Map<string, readonly KeptForm[]>();
  const others = new Set<string>();
  for (const [name, forms] of state.causes()) {
    if (!kept.has(name)) continue;
    const found = forms.flatMap((form) => kept.get(form) ?? []);
    formsOf.set(name, found);
    for (const { facts } of found) others.add(facts.name);
  }
  return [...kept].flatMap(([name, finding]) => {
    if (others.has(name)) return [];
    const forms = formsOf.get(name) ?? [];
    const times = [name, ...forms.map(({ facts }) => facts.name)].flatMap((form) => state.seen.get(form) ?? []);
    const seen = {
      firstMs: Math.min(...times.map(({ firstMs }) => firstMs)),
      lastMs: Math.max(...times.map(({ lastMs }) => lastMs)),
    };
    return {
      ...(times.length === 0 ? {} : { seen }),
      ...finding,
      times: forms.reduce((sum, form) => sum + form.times, finding.times),
      forms,
    };
  });
}
