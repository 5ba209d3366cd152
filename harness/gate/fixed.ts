// What is gone through once, whatever the seed: the list of edges. And every encoder through the edges of its operands, the
// other operands drawn.

import { EXCEPTION } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import { randomSource } from "../../subjects/random/source.js";
import type { DirectedCase } from "../../subjects/subject.js";
import type { Failure } from "../report.js";

export interface FixedReport {
  readonly edges: number;
  /** Encoders, and the words that were asked of them. */
  readonly encoders: number;
  readonly encodings: number;
}

export interface FixedOutcome {
  readonly report: FixedReport;
  readonly found: readonly Failure[];
}

export interface FixedParts {
  readonly edges: readonly DirectedCase[];
  readonly encoders: boolean;
}

/** Each sweep draws other operands beside the edges. */
const SWEEPS = 4;

export function tryFixed(seed: number, wanted: FixedParts): FixedOutcome {
  const { edges } = wanted;
  const found = edges.flatMap(({ name, check }) => edgeFailure(name, () => check(defaultSubject)));
  const encoders = wanted.encoders ? tryEncoders(seed) : { forms: 0, tried: 0, found: [] };
  return {
    report: { edges: edges.length, encoders: encoders.forms, encodings: encoders.tried },
    found: [...found, ...encoders.found],
  };
}

function edgeFailure(name: string, check: () => string | undefined): readonly Failure[] {
  const got = orException(check);
  if (got === undefined) return [];
  return [
    { name: `edge: ${name}`, where: "edge", expected: "nothing wrong", got, replay: "npx rox gate --only edges" },
  ];
}

function orException(check: () => string | undefined): string | undefined {
  try {
    return check();
  } catch (error) {
    return `${EXCEPTION}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** One failure for each encoder. */
function tryEncoders(seed: number): {
  readonly forms: number;
  readonly tried: number;
  readonly found: readonly Failure[];
} {
  const replay = `npx rox gate --only encoders --seed ${seed}`;
  const found = new Map<string, Failure>();
  const forms = new Set<string>();
  let tried = 0;
  try {
    for (const { name, mismatch, plainest } of defaultSubject.encoders?.(randomSource(seed, 0), SWEEPS) ?? []) {
      tried++;
      forms.add(name);
      if (mismatch === undefined || found.has(name)) continue;
      found.set(name, { name: `encoder ${name}`, ...plainest(), replay });
    }
  } catch (error) {
    const got = error instanceof Error ? error.message : String(error);
    found.set(EXCEPTION, { name: "encoders", where: EXCEPTION, expected: "a word or a refusal", got, replay });
  }
  return { forms: forms.size, tried, found: [...found.values()] };
}
