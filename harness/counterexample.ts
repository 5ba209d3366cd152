// What a run found wrong, whichever run it was: the terminal prints it (`format/counterexample.ts`), a page draws it
// (`report/finding-data.ts`).

import path from "node:path";
import { HISTORIES } from "../properties/cases/history/index.js";
import { kindByName, kindOfFile } from "../properties/cases/index.js";
import type { AnyKind } from "../properties/cases/kind.js";
import { caseCommand } from "./case-command.js";
import { readTextFile } from "./input-file.js";
import { type Listing, listingOf } from "./listing.js";
import { causeName, isOfWorker } from "./loop/cause.js";
import type { FindingFacts, WrittenFinding } from "./loop/findings.js";
import type { Failure } from "./report.js";

export interface Counterexample extends Failure {
  /** Unique among those of a run: `gate-7-8`. */
  readonly name: string;
  /** What is wrong, in a few words. */
  readonly title: string;
  readonly oracle: string;
  /** The same for cases that fail for one cause, in whatever run; absent where nothing but its name is known. */
  readonly cause?: string;
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
  /** What it was found with, where that is not the default. */
  readonly subject?: string;
  /** Where the case is. */
  readonly file?: string;
  readonly replay: string;
}

const nameOf = (file: string): string => path.basename(file, path.extname(file));

/** A case that the gate found. */
export const foundCase = ({ facts, text, file }: WrittenFinding): Counterexample => ({
  ...foundCause(facts, text, caseCommand(file, facts.subject)),
  file,
});

/** What was under test, and where in it, as far as that is said. */
const ofSubject = ({
  subject,
  kernel,
}: Pick<FindingFacts, "subject" | "kernel">): Pick<Failure, "subject" | "kernel"> => ({
  ...(subject !== undefined && { subject }),
  ...(kernel && { kernel }),
});

/** What failed by its name: a directed case, an encoder, or a case file that does not come out as it says. */
export function failedByName(failure: Failure): Counterexample {
  const { oracle, name, where, expected, got, replay = "" } = failure;
  const kind = kindOfFile(name);
  const text = kind === undefined ? undefined : readTextFile(name);
  const about = { oracle: oracle ?? where, where, expected, got, replay, ...ofSubject(failure) };
  if (text?.ok !== true) {
    return { ...about, name: path.basename(name).replaceAll(/[^\w.-]+/g, "-"), title: name, kind: undefined, text: "" };
  }
  return { ...about, name: nameOf(name), title: `${where} differs`, kind, text: text.value };
}

/** Of several that failed by their names, the one with the smallest case; what has no case comes last. */
export function shortestOf(failures: readonly Failure[]): Counterexample {
  const found = failures.map((failure) => ({ ...failedByName(failure), ...fileOf(failure) }));
  const sizeOf = ({ kind, text }: Counterexample): number => {
    const parsed = kind?.parse(text);
    return kind !== undefined && parsed?.ok === true ? kind.size(parsed.value) : Number.POSITIVE_INFINITY;
  };
  const [first, ...rest] = found.map((one) => ({ one, size: sizeOf(one) }));
  return rest.reduce((best, next) => (next.size < best.size ? next : best), first!).one;
}

const fileOf = ({ name }: Failure): { readonly file?: string } =>
  kindOfFile(name) === undefined ? {} : { file: name };

/** The cause that a campaign found. @param text the smallest case */
export function foundCause(facts: FindingFacts, text: string, replay: string): Counterexample {
  const { name, cause, where, expected, got } = facts;
  const size = { before: facts.size.original, after: facts.size.shrunk, unit: facts.size.unit };
  const answers = [
    ...(facts.answers ?? []),
    ...(facts.notRepeated === undefined ? [] : [`not so when tried again by itself: ${facts.notRepeated.got}`]),
  ];
  const same = `${causeName(facts.kind, cause)} ${cause.reason}`;
  const about = {
    name,
    cause: same,
    oracle: cause.oracle,
    where,
    expected,
    got,
    text,
    replay,
    answers,
    ...ofSubject(facts),
  };
  const kind = kindByName(facts.kind);
  if (isOfWorker(cause)) return { ...about, title: cause.reason, kind, endsWorker: true };
  const blamed = kind === HISTORIES ? `${cause.oracle} objects: ${cause.what}` : `${cause.what}: ${cause.reason}`;
  const title = cause.what === "?" ? `${cause.oracle}: ${cause.reason}` : blamed;
  return { ...about, title, kind, size };
}

/** BPF beside A64; nothing where a case has no code or does not compile. */
export async function codeOf({
  kind,
  text,
  subject,
  endsWorker,
}: Pick<Counterexample, "kind" | "text" | "subject" | "endsWorker">): Promise<Listing> {
  // The code that failed is not ours to show, and a compiler that hangs would do so here as well.
  if (subject !== undefined || endsWorker === true) return [];
  const parsed = kind?.parse(text);
  return parsed?.ok === true ? listingOf(kind?.code?.(parsed.value) ?? []) : [];
}
