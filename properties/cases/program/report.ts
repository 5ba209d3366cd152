// What a check of one program is told and what it tells, whatever the subject.

import type { InterpretRun } from "../../../spec/bpf/interpret.js";
import { ROWS, type Row } from "../../../spec/bpf/isa.js";
import type { Outcome } from "../../../spec/bpf/outcome.js";
import type { Problem } from "../../../spec/bpf/validate/problem.js";
import { shortBytes } from "../../../spec/slab.js";
import type { Case } from "../../../subjects/case.js";
import type { LoadedImage } from "../../../subjects/session/program-session.js";
import type { Difference } from "../../differences/compare.js";
import { AGREE, type Verdict } from "../../verdict.js";
import type { Answer } from "./answer.js";

/** Told of what a check goes through. */
export interface Watch {
  /** Of each BPF instruction that ran. */
  readonly count?: InterpretRun["count"];
  /** Of the compiled functions, while they are loaded. */
  readonly loaded?: (images: readonly LoadedImage[]) => void;
}

/** How the instructions of a row ran: one bit each. */
const RAN = 1;
const TAKEN = 2;
const FELL = 4;

/** Rows whose instructions ran: jumps by where they led. */
export class RanRows {
  /** By row, the bits. */
  private readonly marks = shortBytes(ROWS.length);

  readonly count: NonNullable<Watch["count"]> = (row, taken) => {
    this.marks[row.index!]! |= taken === undefined ? RAN : taken ? TAKEN : FELL;
  };

  ran(row: Row): boolean {
    return (this.marks[row.index!]! & RAN) !== 0;
  }

  taken(row: Row): boolean {
    return (this.marks[row.index!]! & TAKEN) !== 0;
  }

  fell(row: Row): boolean {
    return (this.marks[row.index!]! & FELL) !== 0;
  }

  /** Of all of them, whatever they did. */
  ids(): string[] {
    const ids: string[] = [];
    for (let i = 0; i < this.marks.length; i++) if (this.marks[i] !== 0) ids.push(ROWS[i]!.id);
    return ids;
  }

  /** The first of them of which others tell something else. */
  otherThan({ marks }: RanRows): string | undefined {
    return ROWS[this.marks.findIndex((mark, i) => mark !== marks[i])]?.id;
  }

  clear(): void {
    this.marks.fill(0);
  }

  /** The same to somebody else. */
  tell(count: NonNullable<Watch["count"]>): void {
    for (let i = 0; i < this.marks.length; i++) {
      const marks = this.marks[i]!;
      if ((marks & RAN) !== 0) count(ROWS[i]!);
      if ((marks & TAKEN) !== 0) count(ROWS[i]!, true);
      if ((marks & FELL) !== 0) count(ROWS[i]!, false);
    }
  }
}

/** BPF instructions that the interpreter may run: of a drawn program, and of a file's. */
export const FUEL = 100_000;
export const FILE_FUEL = 10_000_000;

export interface RunReport {
  /** Index into the case's inputs. */
  readonly input: number;
  readonly expected: Outcome;
  /** What the subject's code came to, and the engine that ran it; undefined where there was nothing to compare with. */
  readonly got: Outcome | undefined;
  readonly engine: string | undefined;
  readonly verdict: Verdict;
}

/** There is no answer, so the subject was not asked, or what it said does not count. */
export const notRun = (input: number, { outcome, none }: Answer): RunReport => ({
  ...{ input, expected: outcome, got: undefined, engine: undefined, verdict: none ?? AGREE },
});

/** The interpreters differ about the run, whatever the subject says. */
export const differentRuns = (input: number, { outcome, difference }: Answer): readonly RunReport[] =>
  difference === undefined
    ? []
    : [{ input, expected: outcome, got: undefined, engine: undefined, verdict: difference }];

export type CaseReport =
  /** Not a program that a JIT would be given: nothing was compared. */
  | { readonly kind: "invalid"; readonly problems: readonly Problem[] }
  | {
      readonly kind: "checked";
      /** The first disagreement, else the first run that could not be compared, else agreement. */
      readonly verdict: Verdict;
      readonly runs: readonly RunReport[];
      /** BPF slots, A64 words, and A64 instructions over all runs. */
      readonly slots: number;
      readonly words: number;
      readonly executed: number;
      /** In what its code is not that of our own JIT, where it must be. */
      readonly difference?: Difference;
    };

/** Runs a case on both witnesses. */
export type Check = (c: Case, watch?: Watch) => CaseReport;
