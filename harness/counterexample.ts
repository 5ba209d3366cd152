// What a run found wrong, whichever run it was: the terminal prints it (`format/counterexample.ts`), a page draws it
// (`report/finding-data.ts`).

import path from "node:path";
import { HISTORIES } from "../properties/cases/history/index.js";
import { kindByName, kindOfFile } from "../properties/cases/index.js";
import type { AnyKind } from "../properties/cases/kind.js";
import { PROGRAMS } from "../properties/cases/program/index.js";
import { summary } from "../properties/verdict.js";
import { caseCommand } from "./case-command.js";
import type { Finding } from "./gate/finding.js";
import { readTextFile } from "./input-file.js";
import { type Listing, listingOf } from "./listing.js";
import { isOfWorker } from "./loop/cause.js";
import type { FindingFacts } from "./loop/findings.js";
import type { Failure } from "./report.js";
import type { CaseFinding } from "./sequences/finding.js";

export interface Counterexample extends Failure {
  /** Unique among those of a run: `gate-7-8`. */
  readonly name: string;
  /** What is wrong, in a few words. */
  readonly title: string;
  readonly oracle: string;
  /** Of the case; undefined where there is none, as with an encoder. */
  readonly kind: AnyKind | undefined;
  /** The smallest case, as its file says it; empty where there is none. */
  readonly text: string;
  /** Before and after shrinking. */
  readonly size?: { readonly before: number; readonly after: number; readonly unit: string };
  /** What else the witnesses said, a line each. */
  readonly answers?: readonly string[];
  /** How many cases failed for that cause, where they are counted. */
  readonly times?: number;
  /** It crashed or hung its worker: to run it again would end this process as well. */
  readonly endsWorker?: boolean;
  /** Where the case was written. */
  readonly file?: string;
  readonly replay: string;
}

const nameOf = (file: string): string => path.basename(file, path.extname(file));

/** A program that the gate found. */
export function foundProgram({ case: c, report, file, before, after }: Finding): Counterexample {
  const { verdict } = report;
  const run = report.runs.find((one) => one.verdict.kind === "disagree");
  const { oracle, where, expected, got } =
    verdict.kind === "disagree"
      ? verdict
      : {
          ...{ oracle: "exec-match", where: "the run", expected: "the same failure again" },
          got: `${verdict.kind}: it does not fail reliably`,
        };
  const title = `${where} differs`;
  return {
    ...{ name: nameOf(file), title, oracle, where, expected, got, kind: PROGRAMS },
    text: PROGRAMS.print(c, { title, oracle }),
    size: { before, after, unit: "slot" },
    answers: run === undefined ? [] : [`interpreter  ${summary(run.expected)}`, `JIT          ${summary(run.got)}`],
    file,
    replay: caseCommand(file),
  };
}

/** A case of another kind that the gate found. */
export const foundCase = (finding: CaseFinding): Counterexample => {
  const { kind, file, text, oracle, where, expected, got, before, after, unit } = finding;
  return {
    ...{ name: nameOf(file), title: `${oracle} objects`, oracle, where, expected, got, text, file },
    kind: kindByName(kind),
    size: { before, after, unit },
    replay: caseCommand(file),
  };
};

/** What failed by its name: a directed case, an encoder, or a case file that does not come out as it says. */
export function failedByName({ oracle, name, where, expected, got, replay = "" }: Failure): Counterexample {
  const kind = kindOfFile(name);
  const text = kind === undefined ? undefined : readTextFile(name);
  const about = { oracle: oracle ?? where, where, expected, got, replay };
  if (text?.ok !== true) {
    return { ...about, name: path.basename(name).replaceAll(/[^\w.-]+/g, "-"), title: name, kind: undefined, text: "" };
  }
  return { ...about, name: nameOf(name), title: `${where} differs`, kind, text: text.value };
}

/** The cause that a campaign found. @param text the smallest case */
export function foundCause(facts: FindingFacts, text: string, replay: string): Counterexample {
  const { name, cause, where, expected, got } = facts;
  const size = { before: facts.size.original, after: facts.size.shrunk, unit: facts.size.unit };
  const about = { name, oracle: cause.oracle, where, expected, got, text, replay };
  const kind = kindByName(facts.kind);
  if (isOfWorker(cause)) return { ...about, title: cause.reason, kind, endsWorker: true };
  const title = kind === HISTORIES ? `${cause.oracle} objects: ${cause.what}` : `${cause.what}: ${cause.reason}`;
  return { ...about, title, kind, size };
}

/** BPF beside A64; nothing where a case has no code or does not compile. */
export async function codeOf({ kind, text }: Pick<Counterexample, "kind" | "text">): Promise<Listing> {
  const parsed = kind?.parse(text);
  return parsed?.ok === true ? listingOf(kind?.code?.(parsed.value) ?? []) : [];
}
