// What is gone through once, whatever the seed: the directed cases. And every encoder through the edges of its operands, the
// other operands drawn.

import { EXCEPTION } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { randomSource } from "../../subjects/random/source.js";
import type { DirectedCase, QuirkId, Subject } from "../../subjects/subject.js";
import { breather } from "../breathe.js";
import { onSubject } from "../case-command.js";
import type { Failure } from "../report.js";

export interface DirectedReport {
  /** Directed cases that had an answer. */
  readonly cases: number;
  /** Those without one: what the subject lacks, or the known defect that they show. */
  readonly incomparable: readonly { readonly name: string; readonly why: string }[];
  /** Encoders, and the words that were asked of them. */
  readonly encoders: number;
  readonly encodings: number;
}

interface DirectedOutcome {
  readonly report: DirectedReport;
  /** Known defects that only these cases look for. */
  readonly known: readonly QuirkId[];
  readonly found: readonly Failure[];
}

interface DirectedParts {
  readonly cases: readonly DirectedCase[];
  readonly encoders: boolean;
}

export const NO_DIRECTED: DirectedOutcome = {
  report: { cases: 0, incomparable: [], encoders: 0, encodings: 0 },
  known: [],
  found: [],
};

/** Each sweep draws other operands beside the edges. */
const SWEEPS = 4;

export async function tryDirected(seed: number, subject: Subject, wanted: DirectedParts): Promise<DirectedOutcome> {
  const { cases } = wanted;
  const breathe = breather();
  const answers: (Answer & { readonly name: string })[] = [];
  for (const one of cases) {
    await breathe();
    answers.push({ name: one.name, ...answerTo(one, subject) });
  }
  const incomparable = answers.flatMap(({ name, why }) => (why === undefined ? [] : [{ name, why }]));
  const found = answers.flatMap(({ name, got }) => (got === undefined ? [] : [directedFailure(name, got, subject)]));
  const encoders = wanted.encoders ? await tryEncoders(seed, subject, breathe) : { forms: 0, tried: 0, found: [] };
  return {
    known: [...new Set(answers.flatMap(({ finds }) => finds ?? []))],
    report: {
      cases: cases.length - incomparable.length,
      incomparable,
      encoders: encoders.forms,
      encodings: encoders.tried,
    },
    found: [...found, ...encoders.found],
  };
}

/** What is wrong with one case, if anybody can tell. */
export function directedFound(one: DirectedCase, subject: Subject): Failure | undefined {
  const { got } = answerTo(one, subject);
  return got === undefined ? undefined : directedFailure(one.name, got, subject);
}

/** Of one case: what is wrong, or why nobody can tell. */
interface Answer {
  readonly got?: string | undefined;
  readonly why?: string;
  readonly finds?: QuirkId | undefined;
}

function answerTo({ check, shows = [], finds = [] }: DirectedCase, subject: Subject): Answer {
  try {
    const got = check(subject);
    if (got === undefined) return {};
    const found = subject.known && finds.find(({ what }) => what.test(got))?.quirk;
    const known = found ?? shows.find((quirk) => subject.known?.has(quirk) === true);
    return known === undefined ? { got } : { why: `a mended ${known}, a known defect`, finds: found };
  } catch (error) {
    if (error instanceof NotModelled) return { why: error.message };
    return { got: `${EXCEPTION}: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const directedFailure = (name: string, got: string, { name: subject }: Subject): Failure => ({
  ...{ name: `directed case: ${name}`, oracle: "directed", where: "directed case", expected: "nothing wrong", got },
  replay: `npx rox gate --only directed${onSubject(subject === defaultSubject.name ? undefined : subject)}`,
});

/** One failure for each encoder. */
async function tryEncoders(
  seed: number,
  subject: Subject,
  breathe: ReturnType<typeof breather>,
): Promise<{ readonly forms: number; readonly tried: number; readonly found: readonly Failure[] }> {
  const replay = `npx rox gate --only encoders --seed ${seed}`;
  const found = new Map<string, Failure>();
  const forms = new Set<string>();
  let tried = 0;
  try {
    for (const { name, mismatch, plainest } of subject.encoders?.(randomSource(seed, 0), SWEEPS) ?? []) {
      await breathe();
      tried++;
      forms.add(name);
      if (mismatch === undefined || found.has(name)) continue;
      found.set(name, { name: `encoder ${name}`, oracle: "encoder", ...plainest(), replay });
    }
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    found.set(EXCEPTION, { name: "encoders", where: EXCEPTION, expected: "a word or a refusal", got, replay });
  }
  return { forms: forms.size, tried, found: [...found.values()] };
}
