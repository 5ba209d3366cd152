// How loops count, and what sends them round again: which counter goes with which comparisons, each in the forms that the
// subject takes. Found once for a dialect, since a large program has a dozen loops.

import { type Row, rowById } from "../../../../spec/bpf/isa.js";

/** A comparison, and the number that it compares with in a loop of `n` trips. */
interface Comparison {
  readonly row: Row;
  readonly bound: (n: number) => number;
}

/** A counter of one width. */
interface Counting {
  /** Counts down or up, by the number `by`. */
  readonly step: Row;
  /** Hold while the loop is not done: the counter compared with an immediate, and with a register. */
  readonly withImmediate: readonly Comparison[];
  readonly withRegister: readonly Comparison[];
  /** The same of a register compared with the counter. */
  readonly exchanged: readonly Comparison[];
}

/** How a counter runs, in 64 bits and, where the subject has that, in 32. */
export interface CountedForm {
  readonly start: (n: number) => number;
  readonly by: number;
  /** It has as many trips, whatever is asked for. */
  readonly trips: number | undefined;
  readonly wide: Counting;
  readonly narrow: Counting;
}

/** A counter that goes down by 1 and is looked at before each trip: what it is done by. */
interface Countdown {
  readonly step: Row;
  readonly done: readonly Comparison[];
}

export interface LoopForms {
  /** Each as often as it shall be tried. */
  readonly counted: readonly CountedForm[];
  readonly countdown: { readonly wide: Countdown; readonly narrow: Countdown };
}

type Bounds = Readonly<Record<string, (n: number) => number>>;

/** How a counter runs and which comparisons hold while it is not done, in a loop of `n` trips. */
interface Style {
  readonly start: (n: number) => number;
  /** Row without its width and operand, and immediate. */
  readonly step: readonly [op: string, imm: number];
  readonly trips?: number;
  /** By operation: go on while the counter compares so with that number. */
  readonly goesOn: Bounds;
  /** The same comparisons with the operands exchanged. */
  readonly exchanged: Bounds;
}

const always = (bound: number) => (): number => bound;
const trips = (n: number): number => n;
const tripsLessOne = (n: number): number => n - 1;

const DOWN: Style = {
  start: trips,
  step: ["sub", 1],
  goesOn: { jne: always(0), jgt: always(0), jsgt: always(0), jge: always(1), jsge: always(1), jset: always(15) },
  exchanged: { jlt: always(0), jslt: always(0), jle: always(1), jsle: always(1) },
};
const DOWN_BY_ADDING: Style = { ...DOWN, start: (n) => 3 * n, step: ["add", -3] };
const UP: Style = {
  start: always(0),
  step: ["add", 1],
  goesOn: { jne: trips, jlt: trips, jslt: trips, jle: tripsLessOne, jsle: tripsLessOne },
  exchanged: { jgt: trips, jsgt: trips, jge: tripsLessOne, jsge: tripsLessOne },
};
const UP_TO_ZERO: Style = {
  start: (n) => -n,
  step: ["add", 1],
  goesOn: { jne: always(0), jslt: always(0), jsle: always(-1) },
  exchanged: { jsgt: always(0), jsge: always(-1) },
};
const HALVING: Style = {
  start: (n) => 2 ** (n - 1),
  step: ["rsh", 1],
  goesOn: { jne: always(0), jgt: always(0), jset: always(-1) },
  exchanged: { jlt: always(0) },
};
/** 0 and 1 in turn. */
const TOGGLE: Style = {
  start: always(0),
  step: ["xor", 1],
  trips: 2,
  goesOn: { jeq: always(1) },
  exchanged: { jeq: always(1) },
};
const STYLES = [DOWN, DOWN, DOWN_BY_ADDING, UP, UP, UP_TO_ZERO, HALVING, TOGGLE] as const;
const DONE_AT_ZERO: Bounds = { jeq: always(0), jle: always(0), jsle: always(0), jlt: always(1), jslt: always(1) };

type Has = (id: string) => boolean;

/** @param has whether the subject takes the row with that id */
export function loopForms(has: Has): LoopForms {
  const wide = countdown(has, "");
  return {
    counted: STYLES.map((style) => countedForm(has, has(`${style.step[0]} imm`) ? style : UP)),
    countdown: { wide, narrow: has("jeq32 imm") && has("sub32 imm") ? countdown(has, "32") : wide },
  };
}

function countedForm(has: Has, style: Style): CountedForm {
  const { start, step, trips } = style;
  const wide = counting(has, style, "");
  const isNarrow = has(`${step[0]}32 imm`) && has("jeq32 imm") && has("jne32 imm");
  return { start, by: step[1], trips, wide, narrow: isNarrow ? counting(has, style, "32") : wide };
}

const counting = (has: Has, { step, goesOn, exchanged }: Style, width: string): Counting => ({
  step: rowById(`${step[0]}${width} imm`),
  withImmediate: comparisons(has, goesOn, width, "imm"),
  withRegister: comparisons(has, goesOn, width, "reg"),
  exchanged: comparisons(has, exchanged, width, "reg"),
});

const countdown = (has: Has, width: string): Countdown => ({
  step: rowById(`sub${width} imm`),
  done: comparisons(has, DONE_AT_ZERO, width, "imm"),
});

/** Those that the subject has. */
function comparisons(has: Has, all: Bounds, width: string, operand: "imm" | "reg"): readonly Comparison[] {
  return Object.entries(all)
    .map(([op, bound]) => ({ id: `${op}${width} ${operand}`, bound }))
    .filter(({ id }) => has(id))
    .map(({ id, bound }) => ({ row: rowById(id), bound }));
}
