// One directory a finding: the shrunk case, the original, and what is known as JSON. A directory appears under its name
// when it is complete.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseCase, printCase } from "../../properties/case-text.js";
import { contentId } from "../corpus/content-id.js";
import { reportJson } from "../report.js";
import { type Cause, causeName } from "./cause.js";
import type { Shrunk } from "./shrink.js";
import type { CampaignSettings } from "./state.js";

/** `finding.json`. */
export interface FindingFacts {
  readonly name: string;
  readonly cause: Cause;
  readonly where: string;
  readonly expected: string;
  readonly actual: string;
  readonly version: string;
  readonly engine: string;
  readonly seed: number;
  readonly shard: string;
  /** Of the program that was found first. */
  readonly index: number;
  /** BPF slots. */
  readonly slots: { readonly original: number; readonly shrunk: number };
  /** No single edit makes it simpler. Otherwise the budget ended, or it was not shrunk at all. */
  readonly fixed: boolean;
}

export interface NewFinding {
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
export const caseFileOf = (campaign: string, name: string): string =>
  path.join(findingsDirectory(campaign), name, "case.bpf");
export const campaignCorpus = (campaign: string): string => path.join(campaign, "corpus");

/** Writes the directory of a finding, and its case into the campaign's corpus. @returns the facts */
export function keepFinding(campaign: string, settings: CampaignSettings, finding: NewFinding): FindingFacts {
  const { index, original, shrunk } = finding;
  const cause = shrunk?.cause ?? finding.cause;
  const name = causeName(cause);
  const answers = answersOf(finding);
  const facts: FindingFacts = {
    name,
    cause,
    ...answers,
    version: settings.version,
    engine: settings.engine,
    seed: settings.seed,
    shard: `${settings.shard.index}/${settings.shard.of}`,
    index,
    slots: { original: slotsOf(original), shrunk: slotsOf(shrunk?.text ?? original) },
    fixed: shrunk?.fixed ?? false,
  };
  const directory = path.join(findingsDirectory(campaign), name);
  // It is there if the process ended between writing it and saying so in the log.
  if (existsSync(directory)) return facts;
  const lesson = lessonText(facts, shrunk?.text ?? original, shrunk?.results ?? []);
  const corpus = campaignCorpus(campaign);
  mkdirSync(corpus, { recursive: true });
  writeWhole(path.join(corpus, `${name}.bpf`), lesson);
  const temporary = path.join(findingsDirectory(campaign), `.${name}.${process.pid}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  mkdirSync(temporary, { recursive: true });
  writeFileSync(path.join(temporary, "case.bpf"), lesson);
  writeFileSync(path.join(temporary, "original.bpf"), original);
  writeFileSync(path.join(temporary, "finding.json"), reportJson(facts));
  renameSync(temporary, directory);
  return facts;
}

function writeWhole(file: string, text: string): void {
  const temporary = `${path.dirname(file)}/.${path.basename(file)}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, file);
}

function answersOf({ shrunk, lost }: NewFinding): Pick<FindingFacts, "where" | "expected" | "actual"> {
  if (shrunk !== undefined) return { where: shrunk.where, expected: shrunk.expected, actual: shrunk.actual };
  if (lost !== undefined) return { where: "the worker", expected: "an answer", actual: lost };
  return { where: "the run", expected: "the same failure again", actual: "another answer: it does not fail reliably" };
}

/** The case as a lesson that fails today: what the reference says is what is expected. */
function lessonText(facts: FindingFacts, text: string, results: readonly bigint[]): string {
  const parsed = parseCase(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const { oracle, row } = facts.cause;
  const title = row === "?" ? `${oracle}: ${facts.cause.reason}` : `${row}: ${facts.cause.reason}`;
  const notes = [
    { key: "found" as const, text: `seed=${facts.seed} index=${facts.index} version=${facts.version}` },
    { key: "found" as const, text: `${facts.where}: expected ${facts.expected}, came ${facts.actual}`.slice(0, 150) },
  ];
  const same = results.every((r0) => r0 === results[0]);
  const expect = same ? results.slice(0, 1) : results;
  const c = { ...parsed.value, title, oracle, notes, expect };
  return printCase({ ...c, id: contentId(c) });
}

function slotsOf(text: string): number {
  const parsed = parseCase(text);
  return parsed.ok ? parsed.value.program.code.reduce((n, code) => n + code.length, 0) : 0;
}
