// A finding: what failed, how it was found, and the smallest case that fails like that. A campaign keeps a directory for
// each cause, which appears under its name when it is complete; the gate keeps a file.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { found } from "../../properties/cases/header.js";
import { defaultSubject } from "../../subjects/index.js";
import { contentId } from "../corpus/entry.js";
import type { KernelPlace } from "../kernel-place.js";
import { writeWhole } from "../output-file.js";
import { version } from "../project.js";
import { reportJson } from "../report.js";
import type { CaseChecker } from "./case-checker.js";
import { type Cause, causeName, type WorkerOracle } from "./cause.js";
import type { Suspect } from "./chunk.js";
import type { Lost } from "./pool.js";
import type { ShrinkResult } from "./shrink.js";

/** `finding.json`. */
export interface FindingFacts {
  readonly name: string;
  /** Name of the kind. */
  readonly kind: string;
  /** The name of its file: `case.bpf`, `case.history`. */
  readonly file: string;
  readonly cause: Cause;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  /** What else the witnesses said, a line each. */
  readonly answers?: readonly string[];
  /** Of a kernel image, where in its own code. */
  readonly kernel?: KernelPlace;
  readonly version: string;
  readonly engine: string;
  /** As `--subject` takes it; absent for the default. */
  readonly subject?: string;
  readonly seed: number;
  readonly shard: string;
  /** Of the case that was found first. */
  readonly index: number;
  readonly size: { readonly original: number; readonly shrunk: number; readonly unit: string };
  /** No single edit makes it simpler. Otherwise the budget ended, or it was not shrunk at all. */
  readonly fixed: boolean;
  /**
   * Of a case that did not fail again by itself, which is kept as it was found: what came of it the second time, and the
   * first index of its chunk: the cases from there on led to the failure.
   */
  readonly notRepeated?: { readonly got: string; readonly chunk: number };
}

export interface NewFinding {
  readonly checker: CaseChecker;
  readonly suspect: Suspect;
  /** First index of its chunk. */
  readonly chunk: number;
  /** Case file text. */
  readonly original: string;
  /** Undefined if nobody could try: the case, or a smaller one, ends its worker. */
  readonly shrunk: ShrinkResult | undefined;
}

/** The run that found it. */
interface FindingRun {
  readonly command: "gate" | "fuzz";
  readonly engine: string;
  readonly subject: string;
  readonly seed: number;
  readonly shard: string;
}

/** A case that ended its worker. Nothing says that two such cases did so for one cause. */
export function lostSuspect(index: number, { kind, why }: Lost): Suspect {
  const oracle: WorkerOracle = kind === "hang" ? "worker-hang" : "worker-crash";
  const cause = { oracle, reason: why, what: `case ${index}` };
  return { index, cause, where: "the worker", expected: "an answer", got: `${kind}: ${why}` };
}

/** The name of a directory. A finding that does not repeat has one of its own: it must not stand for one that does. */
export const findingName = ({ checker, suspect, shrunk }: NewFinding): string => {
  const name = causeName(checker.kind.name, shrunk?.kind === "shrunk" ? shrunk.cause : suspect.cause);
  return shrunk?.kind === "notRepeated" ? `${name}-not-repeated` : name;
};

interface DescribedFinding {
  readonly facts: FindingFacts;
  /** The case as a corpus entry that fails today. */
  readonly text: string;
}

/** One that the gate keeps as a file. */
export interface WrittenFinding extends DescribedFinding {
  /** Its path. */
  readonly file: string;
}

/** @param file without extension */
export function describeFinding(run: FindingRun, finding: NewFinding, name: string, file: string): DescribedFinding {
  const { checker, suspect, chunk, original, shrunk } = finding;
  const { kind } = checker;
  const small = shrunk?.kind === "shrunk" ? shrunk : undefined;
  const { cause, where, expected, got } = small ?? suspect;
  const parsed = kind.parse(original);
  const size = parsed.ok ? kind.size(parsed.value) : 0;
  const facts: FindingFacts = {
    name,
    kind: kind.name,
    file: `${file}${(parsed.ok ? kind.extensionOf?.(parsed.value) : undefined) ?? kind.extension}`,
    ...{ cause, where, expected, got },
    ...(small !== undefined && small.answers.length > 0 ? { answers: small.answers } : {}),
    ...(small?.kernel === undefined ? {} : { kernel: small.kernel }),
    version: version(),
    ...{ engine: run.engine, seed: run.seed, shard: run.shard },
    ...(run.subject === defaultSubject.name ? {} : { subject: run.subject }),
    index: suspect.index,
    size: { original: size, shrunk: small?.size ?? size, unit: kind.unit },
    fixed: small?.fixed ?? false,
    ...(shrunk?.kind === "notRepeated" ? { notRepeated: { got: shrunk.got, chunk } } : {}),
  };
  return { facts, text: entryText(run, finding, facts, small?.text ?? original) };
}

const MOST_NOTE = 150;

function entryText(
  { command }: FindingRun,
  { checker, shrunk }: NewFinding,
  facts: FindingFacts,
  text: string,
): string {
  const parsed = checker.kind.parse(text);
  if (!parsed.ok) throw new Error(`a finding does not read back: ${parsed.error.message}`);
  const { cause, seed, index, where, expected, got, notRepeated } = facts;
  const { oracle, reason, what } = cause;
  const on = facts.subject === undefined ? "" : ` subject=${facts.subject}`;
  const notes = [
    `${command} seed=${seed} index=${index} version=${facts.version}${on}`,
    `${where}: expected ${expected}, got ${got}`,
    ...(notRepeated === undefined
      ? []
      : [`the cases from index ${notRepeated.chunk} on led to it; tried by itself: ${notRepeated.got}`]),
  ];
  const head = {
    title: what === "?" ? `${oracle}: ${reason}` : `${what}: ${reason}`,
    oracle,
    notes: notes.map((note) => found(note.replaceAll(/\s+/g, " ").slice(0, MOST_NOTE))),
    expect: shrunk?.kind === "shrunk" ? shrunk.r0 : [],
  };
  return checker.kind.print(parsed.value, { ...head, id: contentId(checker.kind, parsed.value, head) });
}

export const findingsDirectory = (campaign: string): string => path.join(campaign, "findings");
export const caseFileOf = (campaign: string, { name, file }: Pick<FindingFacts, "name" | "file">): string =>
  path.join(findingsDirectory(campaign), name, file);
export const campaignCorpus = (campaign: string): string => path.join(campaign, "corpus");

/** Writes the directory of a finding; what repeats goes into the campaign's corpus as well. */
export function keepFinding(campaign: string, { facts, text }: DescribedFinding, original: string): void {
  const { name, file, notRepeated } = facts;
  const directory = path.join(findingsDirectory(campaign), name);
  // It is there if the process ended between writing it and saying so in the log.
  if (existsSync(directory)) return;
  const extension = path.extname(file);
  if (notRepeated === undefined) writeWhole(path.join(campaignCorpus(campaign), `${name}${extension}`), text);
  const temporary = path.join(findingsDirectory(campaign), `.${name}.${process.pid}.tmp`);
  rmSync(temporary, { recursive: true, force: true });
  try {
    mkdirSync(temporary, { recursive: true });
    writeFileSync(path.join(temporary, file), text);
    writeFileSync(path.join(temporary, `original${extension}`), original);
    writeFileSync(path.join(temporary, "finding.json"), reportJson(facts));
    renameSync(temporary, directory);
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true });
    throw error;
  }
}
