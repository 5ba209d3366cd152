// A campaign's directory: made once, opened again by --resume, used by one process at a time.
//
//   campaign.json        what it was started with
//   log-NNNNNN.jsonl     what happened since, see log.ts and state.ts
//   samples.jsonl        now and then: time, programs, instructions, cells, findings
//   findings/NAME/       case.EXT, original.EXT, finding.json, and report.txt
//   corpus/NAME.EXT      the shrunk cases once more, to be merged into a corpus
//   lock                 the process that works on it

import { closeSync, existsSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import path from "node:path";
import { type BadInput, type Loaded, loaded, quoted, refuse } from "../bad-input.js";
import { readTextFile, strangeIn } from "../input-file.js";
import { parseJson } from "../json.js";
import { makeDirectory, writeOutputFile } from "../output-file.js";
import { version } from "../project.js";
import { reportJson } from "../report.js";
import { campaignCorpus, findingsDirectory } from "./findings.js";
import { CampaignLog } from "./log.js";
import { SCHEMAS, shaped } from "./schema.js";
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

/** Make a campaign's directory, which must not hold one yet. */
export function createCampaign(directory: string, settings: CampaignSettings): Loaded<OpenCampaign> {
  if (existsSync(path.join(directory, SETTINGS))) {
    const next = `continue it with --resume ${directory}, or choose another --out`;
    return refuse({
      subject: directory,
      expected: "a directory without a campaign",
      got: "one with a campaign",
      next,
    });
  }
  const made = makeDirectory(directory);
  if (!made.ok) return made;
  const written = writeOutputFile(path.join(directory, SETTINGS), reportJson(settings));
  return written.ok ? open(directory, settings) : written;
}

/** Go on with a campaign. */
export function resumeCampaign(directory: string): Loaded<OpenCampaign> {
  const settings = readSettings(directory);
  return settings.ok ? open(directory, settings.value) : settings;
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

function open(directory: string, settings: CampaignSettings): Loaded<OpenCampaign> {
  for (const place of [findingsDirectory(directory), campaignCorpus(directory)]) {
    const made = makeDirectory(place);
    if (!made.ok) return made;
  }
  const lock = takeLock(path.join(directory, "lock"));
  if (!lock.ok) return lock;
  const state = new CampaignState(settings);
  const opened = CampaignLog.open(directory, state.snapshot());
  const applied = opened.ok ? applyRecords(directory, state, opened.value.records) : opened;
  if (!opened.ok || !applied.ok) {
    if (opened.ok) opened.value.log.close();
    rmSync(lock.value, { force: true });
    return applied as ReturnType<typeof refuse>;
  }
  const { log, dropped } = opened.value;
  const close = (): void => {
    log.close();
    rmSync(lock.value, { force: true });
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

/** One process at a time. The lock of a process that is no more counts for nothing. */
function takeLock(file: string): Loaded<string> {
  for (let tries = 0; tries < 3; tries++) {
    try {
      const handle = openSync(file, "wx");
      writeSync(handle, `${process.pid}\n`);
      closeSync(handle);
      return loaded(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        const got = error instanceof Error ? error.message : String(error);
        return refuse({ subject: file, expected: "a place to write", got, next: "check the directory" });
      }
    }
    const owner = Number(readFileSync(file, "utf8"));
    if (owner !== process.pid && isAlive(owner)) {
      const got = `process ${owner} at work on it`;
      return refuse({
        subject: path.dirname(file),
        expected: "a campaign that nobody works on",
        got,
        next: "stop it first",
      });
    }
    rmSync(file, { force: true });
  }
  return refuse({ subject: file, expected: "a lock", got: "somebody else taking it", next: "try again" });
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
