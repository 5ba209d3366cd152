// Readers of what runs leave behind: campaigns and reports. What is tried of each: see `testing/readers.ts`.

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe } from "vitest";
import { smallCampaign } from "../testing/campaign.js";
import { mutatedBytes, mutatedJson, mutatedText } from "../testing/mutated.js";
import { type Outcome, outcome, printed, reader, refusal, tryReaders } from "../testing/readers.js";
import { SAMPLE } from "../testing/report.js";
import { applyRecords } from "./loop/directory.js";
import { CampaignLog, logLine } from "./loop/log.js";
import { readCampaign } from "./loop/read.js";
import { SCHEMAS, shaped } from "./loop/schema.js";
import { CampaignState } from "./loop/state.js";
import { compareRuns, readSummary } from "./report/baseline.js";
import { baselineSection } from "./report/baseline-section.js";

const campaignFolder = path.join(tmpdir(), "readers-campaign");
const campaign = await smallCampaign(campaignFolder);
const logFile = path.join(campaignFolder, readdirSync(campaignFolder).find((name) => name.startsWith("log-"))!);
const logText = readFileSync(logFile, "utf8");
const records = logText
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line.slice(9)) as unknown);
const settings = JSON.parse(readFileSync(path.join(campaignFolder, "campaign.json"), "utf8")) as unknown;

let made = 0;
/** A copy of the campaign with one file of it replaced. */
function campaignWith(file: string, text: string): string {
  const folder = path.join(tmpdir(), `readers-${made++ % 8}`);
  mkdirSync(path.join(folder, "findings"), { recursive: true });
  writeFileSync(path.join(folder, "campaign.json"), JSON.stringify(settings));
  writeFileSync(path.join(folder, "log-000001.jsonl"), `${logText.split("\n").slice(0, 2).join("\n")}\n`);
  writeFileSync(path.join(folder, "samples.jsonl"), "");
  writeFileSync(path.join(folder, file), text);
  return folder;
}

const shape = <T>(schema: Parameters<typeof shaped<T>>[0], json: unknown): Outcome => {
  const read = shaped(schema, JSON.parse(JSON.stringify(json)));
  return outcome("wrong" in read ? printed(read.wrong) : undefined, true);
};

const READERS = [
  reader({
    name: "run.json of a report",
    inputs: mutatedJson([SAMPLE.summary]),
    read(json) {
      const folder = path.join(tmpdir(), "readers-report");
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "run.json"), JSON.stringify(json) ?? "");
      const read = readSummary(folder);
      if (read.ok) baselineSection(compareRuns(read.value, SAMPLE.summary));
      return outcome(refusal(read), true);
    },
  }),
  reader({
    name: "campaign.json",
    inputs: mutatedJson([settings]),
    read: (json) => shape(SCHEMAS.settings, json),
  }),
  reader({
    name: "finding.json",
    inputs: mutatedJson(campaign.findings.map(({ facts }) => facts)),
    read: (json) => shape(SCHEMAS.finding, json),
  }),
  reader({
    name: "records of a campaign's log",
    inputs: mutatedJson(records),
    read(json) {
      const applied = applyRecords("c", new CampaignState(campaign.settings), [
        JSON.parse(JSON.stringify(json)) as unknown,
      ]);
      return outcome(refusal(applied), true);
    },
  }),
  reader({
    name: "a campaign's log, with right checksums",
    inputs: mutatedJson(records),
    read(json) {
      const folder = campaignWith("log-000001.jsonl", `${logLine((json ?? {}) as object)}\n`);
      return outcome(refusal(readCampaign(folder)), true);
    },
  }),
  reader({
    name: "a campaign's log, any bytes",
    inputs: mutatedBytes([Buffer.from(logText.slice(0, 4000))]),
    read(bytes) {
      const folder = path.join(tmpdir(), `readers-log-${made++ % 8}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "log-000001.jsonl"), bytes);
      const opened = CampaignLog.open(folder, { kind: "time", elapsedMs: 0 });
      if (opened.ok) opened.value.log.close();
      return outcome(refusal(opened), true);
    },
  }),
  reader({
    name: "a campaign's samples",
    inputs: mutatedText(
      [
        '{"ms":1,"trials":2,"executed":3,"cells":4,"findings":5}\n{"ms":2,"cases":3,"executed":4,"points":5,"findings":5}\n',
      ],
      () => 0,
    ),
    read: (text) => outcome(refusal(readCampaign(campaignWith("samples.jsonl", text))), true),
  }),
];

describe("what a run left is read or refused where it is nearly right", () => tryReaders(READERS));
