// One directory a finding: the shrunk case, the original, and what is known as JSON. A directory appears under its name
// when it is complete.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { KINDS as CORPUS_KINDS } from "../corpus/kinds.js";
import { writeWhole } from "../output-file.js";
import { reportJson } from "../report.js";
import { type Cause, causeName, isOfWorker } from "./cause.js";
import type { Shrunk } from "./shrink.js";
import type { CampaignSettings } from "./state.js";
import type { Trial } from "./trial.js";

/** `finding.json`. */
export interface FindingFacts {
  readonly name: string;
  /** Id of the kind of trial. */
  readonly kind: string;
  /** The name of its file: `case.bpf`, `case.history`. */
  readonly file: string;
  readonly cause: Cause;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly version: string;
  readonly engine: string;
  readonly seed: number;
  readonly shard: string;
  /** Of the case that was found first. */
  readonly index: number;
  readonly size: { readonly original: number; readonly shrunk: number; readonly unit: string };
  /** No single edit makes it simpler. Otherwise the budget ended, or it was not shrunk at all. */
  readonly fixed: boolean;
}

export interface NewFinding {
  readonly trial: Trial;
  readonly cause: Cause;
  readonly index: number;
  /** Case file text. */
  readonly original: string;
  /** Undefined if it could not be shrunk. */
  readonly shrunk: Shrunk | undefined;
  /** Why it was not compared: the worker's end. */
  readonly lost?: string;
}

export const findingsDirectory = (campaign: string): string => path.join(campaign, "findings");
export const caseFileOf = (campaign: string, { name, file }: Pick<FindingFacts, "name" | "file">): string =>
  path.join(findingsDirectory(campaign), name, file);
export const campaignCorpus = (campaign: string): string => path.join(campaign, "corpus");

/** Writes the directory of a finding, and its case into the campaign's corpus. @returns the facts */
export function keepFinding(campaign: string, settings: CampaignSettings, finding: NewFinding): FindingFacts {
  const { trial, index, original, shrunk } = finding;
  const { kind } = trial;
  const cause = shrunk?.cause ?? finding.cause;
  const name = causeName(kind.name, cause);
  const answers = answersOf(finding);
  const facts: FindingFacts = {
    name,
    kind: kind.name,
    file: `case${kind.extension}`,
    cause,
    ...answers,
    version: settings.version,
    engine: settings.engine,
    seed: settings.seed,
    shard: `${settings.shard.index}/${settings.shard.of}`,
    index,
    size: { original: sizeOf(trial, original), shrunk: sizeOf(trial, shrunk?.text ?? original), unit: kind.unit },
    fixed: shrunk?.fixed ?? false,
  };
  const directory = path.join(findingsDirectory(campaign), name);
  // It is there if the process ended between writing it and saying so in the log.
  if (existsSync(directory)) return facts;
  const lesson = lessonText(trial, facts, shrunk?.text ?? original);
  const corpus = campaignCorpus(campaign);
  mkdirSync(corpus, { recursive: true });
  writeWhole(path.join(corpus, `${name}${kind.extension}`), lesson);
  const temporary = path.join(findingsDirectory(campaign), `.${name}.${process.pid}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  writeFileSync(path.join(temporary, facts.file), lesson);
  writeFileSync(path.join(temporary, `original${kind.extension}`), original);
  writeFileSync(path.join(temporary, "finding.json"), reportJson(facts));
  renameSync(temporary, directory);
  return facts;
}

function answersOf({ shrunk, lost }: NewFinding): Pick<FindingFacts, "where" | "expected" | "got"> {
  if (shrunk !== undefined) return { where: shrunk.where, expected: shrunk.expected, got: shrunk.got };
  if (lost !== undefined) return { where: "the worker", expected: "an answer", got: lost };
  return { where: "the run", expected: "the same failure again", got: "another answer: it does not fail reliably" };
}

/** The case as a lesson that fails today. One that ended its worker is not run again to find out what it should return. */
function lessonText(trial: Trial, facts: FindingFacts, text: string): string {
  const parsed = trial.kind.parse(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const { oracle, reason, what } = facts.cause;
  const title = what === "?" ? `${oracle}: ${reason}` : `${what}: ${reason}`;
  const notes = [
    `seed=${facts.seed} index=${facts.index} version=${facts.version}`,
    `${facts.where}: expected ${facts.expected}, got ${facts.got}`.replaceAll(/\s+/g, " ").slice(0, 150),
  ];
  const r0 = isOfWorker(facts.cause) ? [] : (trial.expected?.(parsed.value) ?? []);
  return withId(facts.file, trial.kind.print(parsed.value, { title, oracle, notes, r0 }));
}

/** As a corpus would write it, with the id of its content. */
function withId(file: string, text: string): string {
  const kind = CORPUS_KINDS.find(({ extensions }) => extensions.includes(path.extname(file)));
  const entry = kind?.read(file, text);
  return entry?.ok === true ? entry.value.text() : text;
}

function sizeOf({ kind }: Trial, text: string): number {
  const parsed = kind.parse(text);
  return parsed.ok ? kind.size(parsed.value) : 0;
}
