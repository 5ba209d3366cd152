// Smaller histories: fewer actions first, then plainer ones, then smaller programs. Numbers of programs stay what they
// are until the end, when they are counted anew.

import type { FailingStep } from "../../../machine/event.js";
import { CHUNK_BYTES } from "../../../spec/pack/allocator.js";
import {
  type Action,
  ATTACH_KINDS,
  type AttachedProgram,
  type ConcurrentRun,
  DEFAULT_OPTIONS,
  type Disturbance,
  type Failing,
  type History,
  isCaseProgram,
  leastInsns,
  NOTHING_ELSE,
  type ProgramSpec,
} from "../../../subjects/action.js";
import { undefinedInHistory } from "../../../subjects/session/unknown-frame.js";
import { SHRINKER as CASE_SHRINKER } from "../program/shrink.js";
import { candidates, descend, type Shrinker, type StillFails, total, type Weight } from "../shrink.js";
import { simplerEach, smallerNumbers, withoutEach } from "../smaller.js";

type Histories = Generator<History>;

export const SHRINKER: Shrinker<History> = {
  /** Large packs take the longest to run, so they come last. */
  passes: [
    shorter,
    fewerLoads,
    plainer,
    plainerOptions,
    farther,
    plainerCases,
    function* (history) {
      yield renumbered(history);
    },
  ],
  weigh,
};

/** @param budget how often `stillFails` may be asked */
export const minimizeHistory = (start: History, stillFails: StillFails<History>, budget: number): History =>
  descend(SHRINKER, start, stillFails, budget);

export const isHistory = (value: unknown): value is History =>
  typeof value === "object" && value !== null && "actions" in value && "options" in value;

/** What fails, the simplest first: a copy fails in every load. */
const SIMPLEST: readonly FailingStep[] = ["copy", "kvmalloc", "setPermission", "vmalloc"];
const FIRST_CALLS = [1, 2, 3, 4, 5, 6, 7, 8];

function weigh({ actions, options }: History): Weight {
  const loads = actions.flatMap((action) => (action.kind === "load" ? [action] : []));
  const generated = loads.flatMap(({ program }) => (isCaseProgram(program) ? [program.case] : []));
  const plain = loads.flatMap(({ program }) => (isCaseProgram(program) ? [] : [program]));
  const attached = actions.flatMap((action) => (action.kind === "attach" ? action.programs : []));
  const fails = actions.flatMap((action) => ("fails" in action ? action.fails : []));
  const others = actions.flatMap((action) => ("others" in action ? action.others : []));
  const { limit } = options;
  return [
    actions.length,
    generated.length,
    limit === undefined ? 0 : 1,
    attached.length,
    fails.length + others.length,
    // The size of packs is an option that programs of fewer instructions may need.
    total(plain, ({ subprograms }) => subprograms),
    total(plain, ({ insns }) => insns),
    total(plain, ({ probes }) => probes),
    OPTIONS.filter((key) => options[key] !== DEFAULT_OPTIONS[key]).length,
    ...generated.map(CASE_SHRINKER.weigh).reduce(plus, NO_CASE),
    total(attached, ({ kind }) => ATTACH_KINDS.indexOf(kind)),
    attached.filter(({ id }) => id !== undefined).length,
    attached.filter(({ enterReturnsZero }) => enterReturnsZero).length,
    total(attached, ({ result }) => result),
    total(fails, ({ step }) => SIMPLEST.indexOf(step)),
    total(fails, ({ nth }) => nth),
    total(others, ({ at }) => at ?? THROUGHOUT),
    total(others, ({ cpu }) => cpu) + total(actions, (action) => ("cpu" in action ? action.cpu : 0)),
    limit ?? 0,
    total(plain, ({ first }) => first),
    total(loads, ({ id }) => id),
  ];
}

/** Simpler where they are the default ones. Profile and exceptions say which defects there are. */
const OPTIONS = ["limit", "cpus", "pageBytes", "packsBeyondBranchRange", "images", "packBytes"] as const;
/** Between any two events is less simple than at any one. */
const THROUGHOUT = 900;
/** Later than nearly all events of an action. */
const LATE = 90;

const plus = (a: Weight, b: Weight): Weight => a.map((n, i) => n + b[i]!);
/** All zeros. */
const NO_CASE = CASE_SHRINKER.weigh({
  program: { code: [], maps: [], context: "memory" },
  inputs: [],
  env: { cpu: "lse", hole: 0 },
});

/** Many a failure is all in the last step, or the last few. */
const LAST = 3;

/** The last ones alone; then without some of its actions: a half of them, a quarter, ... one. */
function* shorter(history: History): Histories {
  const { actions } = history;
  for (let kept = 1; kept <= LAST && kept < actions.length; kept++) yield { ...history, actions: actions.slice(-kept) };
  for (let size = Math.ceil(actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = actions.length - size; from >= 0; from -= size) {
      yield { ...history, actions: [...actions.slice(0, from), ...actions.slice(from + size)] };
    }
  }
}

/** Of a function of so many slots: prologue, epilogue, header and what else is there beside its slots. */
const BESIDE_SLOTS = 84;
/** Nearly what a program takes in a pack. */
const roomOf = ({ insns, subprograms }: ProgramSpec): number =>
  (1 + subprograms) * CHUNK_BYTES * Math.ceil((4 * insns + BESIDE_SLOTS) / CHUNK_BYTES);

/** One load that takes as much room as several: as all before the last few actions, or as it and the next one. */
function* fewerLoads({ options, actions }: History): Histories {
  const instead = function* (from: number, to: number): Histories {
    const loads = actions.slice(from, to).flatMap((action) => {
      return action.kind === "load" && !isCaseProgram(action.program) ? [{ ...action, program: action.program }] : [];
    });
    const [first] = loads;
    if (first === undefined || loads.length < 2) return;
    const room = loads.reduce((sum, { program }) => sum + roomOf(program), 0);
    for (const more of [0, CHUNK_BYTES, -CHUNK_BYTES]) {
      const insns = Math.floor((room + more - BESIDE_SLOTS) / 4);
      const one: Action = { ...first, ...NOTHING_ELSE, program: { ...PLAINEST, insns } };
      yield { options, actions: [...actions.slice(0, from), one, ...actions.slice(to)] };
    }
  };
  for (let kept = 1; kept <= LAST && kept < actions.length - 1; kept++) yield* instead(0, actions.length - kept);
  for (let i = 0; i + 2 <= actions.length; i++) yield* instead(i, i + 2);
}

/** Generated programs, as programs are shrunk that are tried by themselves. */
function* plainerCases(history: History): Histories {
  const { actions } = history;
  for (const [i, action] of actions.entries()) {
    if (action.kind !== "load" || !isCaseProgram(action.program)) continue;
    for (const value of candidates(CASE_SHRINKER, action.program.case)) {
      // Where it lies is the history's business.
      if (value.env.skip !== undefined || undefinedInHistory(value) !== undefined) continue;
      yield { ...history, actions: actions.with(i, { ...action, program: { case: value } }) };
    }
  }
}

const PLAINEST: ProgramSpec = { first: 1, insns: leastInsns(0), subprograms: 0, probes: 0 };
const SMALL_PACK = 4096;

/** More than fits in a pack, so that its trampoline is near the kernel; and a pack full, so that it is not. */
const FAR_INSNS = [SMALL_PACK / 4, SMALL_PACK / 4 - 24];

/** Where packs lie beyond the range of a branch, such a program is far from its trampoline, whatever else is loaded. */
function* farther(history: History): Histories {
  const { options, actions } = history;
  if (!options.packsBeyondBranchRange) return;
  for (const [i, attach] of actions.entries()) {
    if (attach.kind !== "attach") continue;
    const named = new Set([attach.id, ...attach.programs.flatMap(({ id }) => id ?? [])]);
    const loads = actions.slice(0, i).flatMap((action) => {
      return action.kind === "load" && named.has(action.id) ? [action] : [];
    });
    const after = actions.slice(i).filter(({ kind }) => kind !== "load");
    for (const insns of FAR_INSNS) {
      const sized = loads.map((load) => {
        const isTraced = load.id === attach.id && !isCaseProgram(load.program);
        return isTraced ? { ...load, program: { ...PLAINEST, insns } } : load;
      });
      yield { options: { ...options, packBytes: SMALL_PACK }, actions: [...sized, ...after] };
    }
  }
}

function* plainer(history: History): Histories {
  for (const actions of simplerEach(history.actions, plainerActions)) yield { ...history, actions };
}

function* plainerOptions(history: History): Histories {
  const { options } = history;
  for (const key of OPTIONS) yield { ...history, options: { ...options, [key]: DEFAULT_OPTIONS[key] } };
  if (options.limit !== undefined) yield* plainerLimit(history, options.limit);
}

/** A load that fails of its own instead of at the limit; a lower limit, which needs fewer programs to be reached. */
function* plainerLimit(history: History, limit: number): Histories {
  const { options, actions } = history;
  const at = actions.findLastIndex(({ kind }) => kind === "load");
  const load = actions[at];
  if (load?.kind === "load" && load.fails.length === 0) {
    const fails = [{ step: "copy" as const, nth: 1 }];
    const instead = actions.with(at, { ...load, fails });
    yield { options: { ...options, limit: undefined }, actions: instead };
  }
  for (const lower of smallerNumbers(limit)) yield { ...history, options: { ...options, limit: lower } };
}

function* plainerActions(action: Action): Generator<Action> {
  if (action.kind === "cpu") return;
  if (action.kind === "run") {
    if (action.cpu > 0) yield { ...action, cpu: 0 };
    return;
  }
  for (const during of plainerDisturbances(action)) yield { ...action, ...during };
  if (action.kind === "attach") for (const programs of fewerAttached(action.programs)) yield { ...action, programs };
  if (action.kind !== "load") return;
  const { program } = action;
  if (isCaseProgram(program)) yield { ...action, program: PLAINEST };
  else for (const plain of plainerPrograms(program)) yield { ...action, program: plain };
}

function* plainerDisturbances({ fails, others }: Disturbance): Generator<Disturbance> {
  if (fails.length + others.length > 1) yield { fails: [], others: [] };
  for (const fewer of withoutEach(fails)) yield { fails: fewer, others };
  for (const fewer of withoutEach(others)) yield { fails, others: fewer };
  for (const simpler of simplerEach(fails, simplerFailures)) yield { fails: simpler, others };
  for (const simpler of simplerEach(others, earlier)) yield { fails, others: simpler };
}

function* simplerFailures({ step, nth }: Failing): Generator<Failing> {
  for (const simpler of SIMPLEST.slice(0, SIMPLEST.indexOf(step))) {
    for (const first of FIRST_CALLS) yield { step: simpler, nth: first };
  }
  for (const lower of smallerNumbers(nth, 1)) yield { step, nth: lower };
}

function* earlier(other: ConcurrentRun): Generator<ConcurrentRun> {
  for (const at of smallerNumbers(other.at ?? LATE)) yield { ...other, at };
}

function* fewerAttached(programs: readonly AttachedProgram[]): Generator<readonly AttachedProgram[]> {
  if (programs.length > 1) {
    for (const program of programs) yield [program];
    yield* withoutEach(programs);
  }
  yield* simplerEach(programs, simplerAttached);
}

function* simplerAttached(program: AttachedProgram): Generator<AttachedProgram> {
  for (const kind of ATTACH_KINDS) yield { ...program, kind };
  yield { ...program, id: undefined };
  yield { ...program, enterReturnsZero: false };
  for (const result of smallerNumbers(program.result)) yield { ...program, result };
}

function* plainerPrograms(program: ProgramSpec): Generator<ProgramSpec> {
  const { first, insns, subprograms, probes } = program;
  for (const fewer of smallerNumbers(probes)) yield { ...program, probes: fewer };
  for (const fewer of smallerNumbers(subprograms)) yield { ...program, subprograms: fewer };
  for (const fewer of smallerNumbers(insns, leastInsns(subprograms))) yield { ...program, insns: fewer };
  for (const lower of smallerNumbers(first, 1)) yield { ...program, first: lower };
}

/** Loads counted from 0 in their order. */
function renumbered(history: History): History {
  const numbers = new Map<number, number>();
  const actions = history.actions.map((action): Action => {
    if (action.kind === "cpu") return action;
    if (action.kind === "load") numbers.set(action.id, numbers.size);
    const id = numbers.get(action.id) ?? action.id;
    if (action.kind === "run") return { ...action, id };
    const others = action.others.map((other) => ({ ...other, id: numbers.get(other.id) ?? other.id }));
    if (action.kind !== "attach") return { ...action, id, others };
    const programs = action.programs.map((one) =>
      one.id === undefined ? one : { ...one, id: numbers.get(one.id) ?? one.id },
    );
    return { ...action, id, others, programs };
  });
  return { ...history, actions };
}
