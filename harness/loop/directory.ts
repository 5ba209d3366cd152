// A campaign's directory: made once, opened again by --resume, used by one process at a time.
//
//   campaign.json        what it was started with
//   log-NNNNNN.jsonl     what happened since, see log.ts and state.ts
//   samples.jsonl        now and then: time, cases, instructions, points, findings
//   findings/NAME/       case.EXT, original.EXT, finding.json, and report.txt
//   corpus/NAME.EXT      the shrunk cases once more, to be merged into a corpus
//   seeds/KIND-N.EXT     for each coverage point the case that was the first to reach it: case N
//   lock                 the process that works on it

import { existsSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, quoted, refuse } from "../bad-input.js";
import { readTextFile, strangeIn } from "../input-file.js";
import { parseJson } from "../json.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { version } from "../project.js";
import { reportJson } from "../report.js";
import { campaignCorpus, findingsDirectory } from "./findings.js";
import { takeLock } from "./lock.js";
import { CampaignLog } from "./log.js";
import { SCHEMAS, shaped } from "./schema.js";
import { seedsDirectory } from "./seeds.js";
import { type CampaignSettings, CampaignState, FORMAT } from "./state.js";

export interface OpenCampaign {
  readonly directory: string;
  readonly settings: CampaignSettings;
  readonly state: CampaignState;
  readonly log: CampaignLog;
  /** Bytes of a record that was being written when the last process ended. */
  readonly dropped: number;
  /** Lets others work on the directory. */
  close(): void;
}

const SETTINGS = "campaign.json";

export const isCampaign = (directory: string): boolean => existsSync(path.join(directory, SETTINGS));

/** Make a campaign's directory, which must not hold one yet. */
export function createCampaign(directory: string, settings: CampaignSettings): Loaded<OpenCampaign> {
  if (isCampaign(directory)) return occupied(directory);
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const lock = takeLock(directory);
  if (!lock.ok) return lock;
  // Two may have begun at the same time.
  const written = isCampaign(directory)
    ? occupied(directory)
    : writeOutputFile(path.join(directory, SETTINGS), reportJson(settings));
  if (written.ok) return open(directory, settings, lock.value);
  lock.value();
  return written;
}

const occupied = (directory: string) =>
  refuse({
    ...{ subject: directory, expected: "a directory without a campaign", got: "one with a campaign" },
    next: `continue it with --resume ${directory}, or choose another --out`,
  });

/** Go on with a campaign. */
export function resumeCampaign(directory: string): Loaded<OpenCampaign> {
  const settings = readSettings(directory);
  if (!settings.ok) return settings;
  const lock = takeLock(directory);
  return lock.ok ? open(directory, settings.value, lock.value) : lock;
}

export function readSettings(directory: string): Loaded<CampaignSettings> {
  const file = path.join(directory, SETTINGS);
  const bad = (got: string): { ok: false; error: BadInput } =>
    refuse({ subject: file, expected: "a campaign", got, next: "name the directory that --out was given" });
  const text = readTextFile(file);
  if (!text.ok) return bad(text.error.got === "no such file" ? "none" : text.error.got);
  const strange = strangeIn(directory);
  if (strange !== undefined) return refuse(strange);
  const json = parseJson(file, text.value);
  if (!json.ok) return json;
  const { format, version: made } = (json.value ?? {}) as { readonly format?: unknown; readonly version?: unknown };
  if (format !== FORMAT) {
    const next = "start a new campaign; rox corpus merge keeps what this one found";
    return refuse({
      subject: file,
      expected: `a campaign of format ${FORMAT}`,
      got: `format ${quoted(`${format}`)}`,
      next,
    });
  }
  // Another version makes other programs of the same index: the sum would be of neither.
  if (made !== version()) return bad(`one of version ${quoted(`${made}`)}, this is ${version()}`);
  const settings = shaped(SCHEMAS.settings, json.value);
  return "wrong" in settings ? bad(settings.wrong) : loaded(settings.value);
}

/** @param unlock gives the directory back */
function open(directory: string, settings: CampaignSettings, unlock: () => void): Loaded<OpenCampaign> {
  for (const place of [findingsDirectory(directory), campaignCorpus(directory), seedsDirectory(directory)]) {
    const made = makeDirectory(place);
    if (!made.ok) {
      unlock();
      return made;
    }
  }
  const state = new CampaignState(settings);
  const opened = CampaignLog.open(directory, state.snapshot());
  const applied = opened.ok ? applyRecords(directory, state, opened.value.records) : opened;
  if (!opened.ok || !applied.ok) {
    if (opened.ok) opened.value.log.close();
    unlock();
    return applied as ReturnType<typeof refuse>;
  }
  const { log, dropped } = opened.value;
  const close = (): void => {
    log.close();
    unlock();
  };
  return loaded({ directory, settings, state, log, dropped, close });
}

/** What the log says, if each record has the shape of one and is of this campaign. */
export function applyRecords(
  directory: string,
  state: CampaignState,
  records: readonly unknown[],
): Loaded<CampaignState> {
  for (const [i, json] of records.entries()) {
    const record = shaped(SCHEMAS.record, json);
    const wrong = "wrong" in record ? record.wrong : state.problemOf(record.value);
    if ("wrong" in record || wrong !== undefined) {
      const subject = path.join(directory, `record ${i + 1} of the log`);
      const next = "restore the folder, or start a new campaign and merge the corpus of this one";
      return refuse({ subject, expected: "a record of this campaign", got: wrong ?? "none", next });
    }
    state.apply(record.value);
  }
  return loaded(state);
}
