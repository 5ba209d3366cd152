// What is gone through once, whatever the seed: the directed cases. And every encoder through the edges of its operands, the
// other operands drawn.

import { EXCEPTION } from "../../properties/verdict.js";
import { randomSource } from "../../subjects/random/source.js";
import type { DirectedCase, Subject } from "../../subjects/subject.js";
import type { Failure } from "../report.js";

export interface DirectedReport {
  /** Directed cases. */
  readonly cases: number;
  /** Encoders, and the words that were asked of them. */
  readonly encoders: number;
  readonly encodings: number;
}

interface DirectedOutcome {
  readonly report: DirectedReport;
  readonly found: readonly Failure[];
}

interface DirectedParts {
  readonly cases: readonly DirectedCase[];
  readonly encoders: boolean;
}

export const NO_DIRECTED: DirectedOutcome = { report: { cases: 0, encoders: 0, encodings: 0 }, found: [] };

/** Each sweep draws other operands beside the edges. */
const SWEEPS = 4;

export function tryDirected(seed: number, subject: Subject, wanted: DirectedParts): DirectedOutcome {
  const { cases } = wanted;
  const found = cases.flatMap((one) => directedFailure(one, subject));
  const encoders = wanted.encoders ? tryEncoders(seed, subject) : { forms: 0, tried: 0, found: [] };
  return {
    report: { cases: cases.length, encoders: encoders.forms, encodings: encoders.tried },
    found: [...found, ...encoders.found],
  };
}

function directedFailure(one: DirectedCase, subject: Subject): readonly Failure[] {
  const got = orException(() => one.check(subject));
  if (got === undefined) return [];
  const answers = { oracle: "directed", where: "directed case", expected: "nothing wrong", got };
  return [{ name: `directed case: ${one.name}`, ...answers, replay: "npx rox gate --only directed" }];
}

function orException(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return `${EXCEPTION}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** One failure for each encoder. */
function tryEncoders(
  seed: number,
  subject: Subject,
): {
  readonly forms: number;
  readonly tried: number;
  readonly found: readonly Failure[];
} {
  const replay = `npx rox gate --only encoders --seed ${seed}`;
  const found = new Map<string, Failure>();
  const forms = new Set<string>();
  let tried = 0;
  try {
    for (const { name, mismatch, plainest } of subject.encoders?.(randomSource(seed, 0), SWEEPS) ?? []) {
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
