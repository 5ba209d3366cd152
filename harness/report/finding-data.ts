// A failing case as plain data for the report: its code, where the witnesses part, and everything to see it again.

import { pointer } from "../../machine/address.js";
import type { Checked } from "../../properties/cases/check-or-crash.js";
import { printCase } from "../../properties/cases/program/text.js";
import { hexWord } from "../../spec/bits.js";
import type { Case } from "../../subjects/case.js";
import type { Listing } from "../listing.js";
import { compileCase } from "../listing.js";
import type { TraceRow } from "../trace.js";
import { type Trace, traceRun } from "../trace-run.js";
import type { DifferenceData, FindingData, FunctionData, StepData } from "./data.js";

export interface FailedCase {
  readonly name: string;
  readonly case: Case;
  readonly report: Checked;
  readonly shrunk?: { readonly before: number; readonly after: number };
  readonly replay: string;
  /** By default what the place of the difference says. */
  readonly oracle?: string;
}

/** Steps that go into the page. */
const MOST_STEPS = 400;
const NO_TRACE: Trace = { rows: [], cut: false };

/** As `check.ts` calls it. */
const TEXT_MEMORY = "text memory";

/** @param events what the machine did with the program, one line each. */
export async function findingData(failed: FailedCase, events: readonly string[]): Promise<FindingData> {
  const { case: c, report, name, replay, shrunk } = failed;
  const { verdict } = report;
  const compiled = await compileCase(c);
  const { rows, cut } = await traceOrNone(failed);
  const isDifferent = ({ differences }: TraceRow): boolean => differences.length > 0;
  const first = rows.findIndex(isDifferent);
  const from = Math.max(0, Math.min(first - MOST_STEPS / 2, rows.length - MOST_STEPS));
  const difference = rows[first] === undefined ? undefined : differenceOf(rows[first]);
  const used = [...new Set(c.program.code.flat().map(({ row }) => row))].filter(({ kind }) => kind !== "lddwHigh");
  const where = verdict.kind === "disagree" ? verdict.where : verdict.kind;
  return {
    name,
    title: `${where} differs`,
    oracle: failed.oracle ?? (where === TEXT_MEMORY ? "text-memory" : "exec-match"),
    where,
    expected: verdict.kind === "disagree" ? verdict.expected : "",
    got: verdict.kind === "disagree" ? verdict.got : "",
    ...(shrunk === undefined ? {} : { shrunk }),
    rows: used.map(({ id }) => id),
    groups: [...new Set(used.map(({ group }) => group))],
    listing: compiled.ok ? listingData(compiled.value.listing) : [],
    ...(difference === undefined ? {} : { difference }),
    steps: rows.slice(from, from + MOST_STEPS).map(stepData),
    stepsCut: cut || rows.length > MOST_STEPS,
    events,
    text: printCase({ ...c, title: `${where} differs`, notes: [] }),
    replay,
  };
}

/** A case that cannot even be loaded has no trace. */
async function traceOrNone({ case: c, report }: FailedCase): Promise<Trace> {
  const run = report.runs.find(({ verdict }) => verdict.kind === "disagree") ?? report.runs[0];
  const input = c.inputs[run?.input ?? 0];
  if (run === undefined || input === undefined) return NO_TRACE;
  try {
    return await traceRun(c, input);
  } catch {
    return NO_TRACE;
  }
}

const REGISTER = /^(r\d+) = (0x[0-9a-f]+)$/;

export function differenceOf({ part, bpf, words, changes, differences }: TraceRow): DifferenceData {
  const [, register = "?", got = ""] = REGISTER.exec(differences[0] ?? "") ?? [];
  const expected = changes.find((change) => change.startsWith(`${register} = `))?.slice(register.length + 3) ?? "";
  return { code: words[0]?.code ?? 0, part, bpf, register, expected, got };
}

const listingData = (listing: Listing): FunctionData[] =>
  listing.map(({ title, code, parts }) => ({
    title,
    code,
    parts: parts.map(({ part, bpf, words }) => ({
      part,
      bpf,
      words: words.map(({ va, word, text }) => ({ address: pointer(va).toString(16), word: hexWord(word), text })),
    })),
  }));

const stepData = ({ part, bpf, words, changes, differences }: TraceRow): StepData => ({
  part,
  bpf,
  words: words.map(({ text }) => text),
  changes,
  differences,
});
