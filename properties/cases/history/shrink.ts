// Smaller histories: fewer actions first, then plainer ones, then smaller programs. Numbers of programs stay what they
// are until the end, when they are counted anew.

import type { FailingStep } from "../../../machine/event.js";
import {
  type Action,
  ATTACH_KINDS,
  type AttachedProgram,
  type CaseProgram,
  DEFAULT_OPTIONS,
  type Disturbance,
  type History,
  isCaseProgram,
  leastInsns,
  NOTHING_ELSE,
  type ProgramSpec,
} from "../../../subjects/action.js";
import { shrinkCase } from "../program/shrink/shrink.js";
import { weigh as weighCase } from "../program/shrink/weight.js";

export const isHistory = (value: unknown): value is History =>
  typeof value === "object" && value !== null && "actions" in value && "options" in value;

/** One way to make a history plainer: candidates, the boldest first. */
export type Pass = (history: History) => Generator<History>;

/** Candidates of all passes. Each is strictly simpler by `weigh`. */
export function* shrinkHistory(history: History): Generator<History> {
  const before = weigh(history);
  for (const pass of PASSES) for (const candidate of pass(history)) if (weigh(candidate) < before) yield candidate;
}

/** What fails, the plainest first: a copy fails in every load. */
const SIMPLEST: readonly FailingStep[] = ["copy", "kvmalloc", "setPermission", "vmalloc"];
const FIRST_CALLS = [1, 2, 3, 4, 5, 6, 7, 8];

/** What must fall with every step of shrinking. */
export function weigh({ actions, options }: History): number {
  const unusual = (Object.keys(DEFAULT_OPTIONS) as (keyof History["options"])[]).filter(
    (key) => key !== "except" && key !== "profile" && options[key] !== DEFAULT_OPTIONS[key],
  ).length;
  // More than an injected failure: a limit refuses only after many loads.
  const limit = options.limit === undefined ? 0 : 20_000 + options.limit / 1e3;
  return actions.reduce((sum, action) => sum + weighAction(action), 1000 * unusual + limit);
}

function weighAction(action: Action): number {
  if (action.kind === "cpu" || action.kind === "run") return 2_000_000 + action.cpu;
  const { fails, others } = action;
  const moments = others.reduce((sum, { at, cpu }) => sum + 10_000 + 10 * (at ?? 900) + cpu, 0);
  const failures = fails.reduce((sum, { step, nth }) => sum + 10_000 + 1000 * SIMPLEST.indexOf(step) + nth, 0);
  return 2_000_000 + moments + failures + sizeOf(action);
}

function sizeOf(action: Action): number {
  if (action.kind === "load") return weighLoad(action.program) + action.id / 1e6;
  return action.kind === "attach" ? action.programs.reduce((sum, one) => sum + weighAttached(one), 0) : 0;
}

/** A recorder needs nothing but itself. */
const weighAttached = ({ kind, id, result, enterReturnsZero }: AttachedProgram): number =>
  20_000 +
  1000 * ATTACH_KINDS.indexOf(kind) +
  (id === undefined ? 0 : 500) +
  (enterReturnsZero ? 100 : 0) +
  result / 1e4;

/** Less than any action, and more than any program of numbers: a generated one has to be read. */
const GENERATED = 1_000_000;
/** For what `weighCase` counts: slots, programs, inputs, maps, ... */
const CASE_SCALES = [1e3, 500, 500, 500, 2, 1, 1e-2, 1e-3, 1e-3, 1e-3, 1e-6, 1e-4];

function weighLoad(program: ProgramSpec | CaseProgram): number {
  if (!isCaseProgram(program)) return weighProgram(program);
  const counts = weighCase(program.case);
  return CASE_SCALES.reduce((sum, scale, i) => sum + scale * (counts[i] ?? 0), GENERATED);
}

const weighProgram = ({ first, insns, subprograms, probes }: ProgramSpec): number =>
  insns + 5000 * subprograms + 500 * probes + first / 1e4;

/** Many a failure is all in the last step, or the last few. */
const LAST = 3;

/** The last ones alone; then without some of its actions: a half of them, a quarter, ... one. */
function* shorter(history: History): Generator<History> {
  const { actions } = history;
  for (let kept = 1; kept <= LAST && kept < actions.length; kept++) yield { ...history, actions: actions.slice(-kept) };
  for (let size = Math.ceil(actions.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = actions.length - size; from >= 0; from -= size) {
      yield { ...history, actions: [...actions.slice(0, from), ...actions.slice(from + size)] };
    }
  }
}

const CHUNK_BYTES = 64;
/** Of a function of so many slots: prologue, epilogue, header and what else is there beside its slots. */
const BESIDE_SLOTS = 84;
/** Nearly what a program takes in a pack. */
const roomOf = ({ insns, subprograms }: ProgramSpec): number =>
  (1 + subprograms) * CHUNK_BYTES * Math.ceil((4 * insns + BESIDE_SLOTS) / CHUNK_BYTES);

/** One load that takes as much room as several: as all before the last few actions, or as it and the next one. */
function* fewerLoads({ options, actions }: History): Generator<History> {
  const instead = function* (from: number, to: number): Generator<History> {
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
function* plainerCases(history: History): Generator<History> {
  const { actions } = history;
  for (const [i, action] of actions.entries()) {
    if (action.kind !== "load" || !isCaseProgram(action.program)) continue;
    for (const value of shrinkCase(action.program.case)) {
      // Where it lies is the history's business.
      if (value.env.skip !== undefined) continue;
      yield { ...history, actions: actions.with(i, { ...action, program: { case: value } }) };
    }
  }
}

const PLAINEST: ProgramSpec = { first: 1, insns: leastInsns(0), subprograms: 0, probes: 0 };
const SMALL_PACK = 4096;

/** More than fits in a pack, so that its trampoline is near the kernel; and a pack full, so that it is not. */
const FAR_INSNS = [SMALL_PACK / 4, SMALL_PACK / 4 - 24];

/** Where packs lie packsBeyondBranchRange, such a program is far from its trampoline, whatever else is loaded. */
function* farther(history: History): Generator<History> {
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

function* plainer(history: History): Generator<History> {
  const { actions } = history;
  for (const [i, action] of actions.entries()) {
    for (const simple of plainerActions(action)) yield { ...history, actions: actions.with(i, simple) };
  }
}

function* plainerOptions(history: History): Generator<History> {
  const { options } = history;
  for (const key of ["limit", "cpus", "pageBytes", "packsBeyondBranchRange", "images", "packBytes"] as const) {
    yield { ...history, options: { ...options, [key]: DEFAULT_OPTIONS[key] } };
  }
  if (options.limit !== undefined) yield* plainerLimit(history, options.limit);
}

/** A load that fails of its own instead of at the limit; a lower limit, which needs fewer programs to be reached. */
function* plainerLimit(history: History, limit: number): Generator<History> {
  const { options, actions } = history;
  const at = actions.findLastIndex(({ kind }) => kind === "load");
  const load = actions[at];
  if (load?.kind === "load" && load.fails.length === 0) {
    const fails = [{ step: "copy" as const, nth: 1 }];
    const instead = actions.with(at, { ...load, fails });
    yield { options: { ...options, limit: undefined }, actions: instead };
  }
  for (const lower of smaller(limit, 0)) yield { ...history, options: { ...options, limit: lower } };
}

/** Large packs take the longest to play, so they come last. */
export const PASSES: readonly Pass[] = [
  shorter,
  fewerLoads,
  plainer,
  plainerOptions,
  farther,
  plainerCases,
  function* (history) {
    yield renumbered(history);
  },
];

function* plainerActions(action: Action): Generator<Action> {
  if (action.kind === "cpu") return;
  if (action.kind === "run") {
    if (action.cpu > 0) yield { ...action, cpu: 0 };
    return;
  }
  for (const during of plainerDuring(action)) yield { ...action, ...during };
  if (action.kind === "attach") for (const programs of fewerAttached(action.programs)) yield { ...action, programs };
  if (action.kind !== "load") return;
  const { program } = action;
  if (isCaseProgram(program)) yield { ...action, program: PLAINEST };
  else for (const plain of plainerPrograms(program)) yield { ...action, program: plain };
}

function* plainerDuring({ fails, others }: Disturbance): Generator<Disturbance> {
  if (fails.length + others.length > 1) yield { fails: [], others: [] };
  for (let i = 0; i < fails.length; i++) yield { others, fails: fails.filter((_, j) => j !== i) };
  for (let i = 0; i < others.length; i++) yield { fails, others: others.filter((_, j) => j !== i) };
  for (const [i, failing] of fails.entries()) {
    for (const step of SIMPLEST.slice(0, SIMPLEST.indexOf(failing.step))) {
      for (const nth of FIRST_CALLS) yield { others, fails: fails.with(i, { step, nth }) };
    }
    for (const nth of smaller(failing.nth, 1)) yield { others, fails: fails.with(i, { ...failing, nth }) };
  }
  for (const [i, other] of others.entries()) {
    for (const at of smaller(other.at ?? 90, 0)) yield { fails, others: others.with(i, { ...other, at }) };
  }
}

function* fewerAttached(programs: readonly AttachedProgram[]): Generator<readonly AttachedProgram[]> {
  if (programs.length > 1) {
    for (const program of programs) yield [program];
    for (let i = 0; i < programs.length; i++) yield programs.filter((_, j) => j !== i);
  }
  for (const [i, program] of programs.entries()) {
    for (const kind of ATTACH_KINDS) if (kind !== program.kind) yield programs.with(i, { ...program, kind });
    if (program.id !== undefined) yield programs.with(i, { ...program, id: undefined });
    if (program.enterReturnsZero) yield programs.with(i, { ...program, enterReturnsZero: false });
    for (const result of smaller(program.result, 0)) yield programs.with(i, { ...program, result });
  }
}

function* plainerPrograms(program: ProgramSpec): Generator<ProgramSpec> {
  const { first, insns, subprograms, probes } = program;
  for (const fewer of smaller(probes, 0)) yield { ...program, probes: fewer };
  for (const fewer of smaller(subprograms, 0)) yield { ...program, subprograms: fewer };
  for (const fewer of smaller(insns, leastInsns(subprograms))) yield { ...program, insns: fewer };
  for (const lower of smaller(first, 1)) yield { ...program, first: lower };
}

/** From the least up to one less. */
function* smaller(value: number, least: number): Generator<number> {
  for (let step = value - least; step >= 1; step = Math.floor(step / 2)) yield value - step;
}

/** Loads counted from 0 in their order. */
export function renumbered(history: History): History {
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
