// Another history from one that was worth keeping, and a second one to take a piece from. Whatever comes of it is a history:
// what names no live program is left out when run. Edits ask an action for its fields, not for its kind.

import { isDeepStrictEqual } from "node:util";
import type { FailingStep } from "../../../machine/event.js";
import { CHUNK_BYTES } from "../../../spec/pack/allocator.js";
import {
  type Action,
  ATTACH_KINDS,
  type AttachedProgram,
  type Disturbance,
  type History,
  isCaseProgram,
  leastInsns,
  mostInsns,
  NOTHING_ELSE,
} from "../../../subjects/action.js";
import type { Draw } from "../../../subjects/random/draw.js";

type Edit = (history: History, draw: Draw, other: History) => History | undefined;

const MOST_ACTIONS = 250;
const MOST_EDITS = 3;
const STEPS: readonly FailingStep[] = ["vmalloc", "kvmalloc", "setPermission", "copy"];
const WORD_BYTES = 4;

const withActions = (history: History, actions: readonly Action[]): History => ({
  options: history.options,
  actions: actions.slice(0, MOST_ACTIONS),
});

const at = (actions: readonly Action[], draw: Draw, fits: (action: Action) => boolean): number => {
  const places = actions.flatMap((action, i) => (fits(action) ? [i] : []));
  return places.length === 0 ? -1 : draw.pick(places);
};

/** The beginning of one and the end of the other, whose programs get numbers of their own. */
const splice: Edit = (history, draw, other) => {
  const { actions } = history;
  const next = 1 + actions.reduce((most, action) => Math.max(most, "id" in action ? action.id : -1), -1);
  const end = other.actions.slice(draw.below(other.actions.length + 1)).map((action) => renumbered(action, next));
  return withActions(history, [...actions.slice(0, draw.below(actions.length + 1)), ...end]);
};

function renumbered(action: Action, by: number): Action {
  if (!("id" in action)) return action;
  const moved = { ...action, id: action.id + by };
  if ("others" in moved) {
    const others = moved.others.map((one) => ({ ...one, id: one.id + by }));
    if (moved.kind !== "attach") return { ...moved, others };
    const programs = moved.programs.map((one) => ({ ...one, id: one.id === undefined ? undefined : one.id + by }));
    return { ...moved, programs, others };
  }
  return moved;
}

/** A program whose image ends near a border of chunks, pages or packs, or differs from the old one by little. */
const resize: Edit = ({ options, actions }, draw) => {
  const place = at(actions, draw, (action) => action.kind === "load" && !isCaseProgram(action.program));
  const action = actions[place];
  if (action?.kind !== "load" || isCaseProgram(action.program)) return undefined;
  const { program } = action;
  const border = draw.pick([CHUNK_BYTES * draw.between(2, 8), options.pageBytes, options.packBytes]);
  const wanted = draw.chance(40) ? program.insns + draw.between(-4, 4) : border / WORD_BYTES - draw.below(32);
  const most = Math.min(mostInsns(program.subprograms), (2 * options.packBytes) / WORD_BYTES);
  const insns = Math.max(leastInsns(program.subprograms), Math.min(wanted, most));
  return { options, actions: actions.with(place, { ...action, program: { ...program, insns } }) };
};

const inDuring =
  (edit: (during: Disturbance, draw: Draw, history: History) => Disturbance | undefined): Edit =>
  (history, draw) => {
    const { options, actions } = history;
    const place = at(actions, draw, (action) => "fails" in action);
    const action = actions[place];
    if (action === undefined || !("fails" in action)) return undefined;
    const { fails, others } = action;
    const edited = edit({ fails, others }, draw, history);
    return edited && { options, actions: actions.with(place, { ...action, ...edited }) };
  };

const addFailure = inDuring(({ others }, draw) => ({
  fails: [{ step: draw.pick(STEPS), nth: draw.between(1, 6) }],
  others,
}));

const noFailure = inDuring(({ fails, others }) => (fails.length === 0 ? undefined : { fails: [], others }));

/** Another CPU runs before or behind a neighbouring event, or comes in. */
const moveConcurrentRun = inDuring(({ fails, others }, draw, { options, actions }) => {
  const [first, ...rest] = others;
  if (first !== undefined) {
    const event = Math.max(0, (first.at ?? draw.below(48)) + draw.between(-3, 3));
    return { fails, others: [{ ...first, at: draw.chance(10) ? undefined : event }, ...rest] };
  }
  const place = at(actions, draw, (action) => action.kind === "load");
  const loaded = actions[place];
  if (loaded === undefined || !("id" in loaded)) return undefined;
  return { fails, others: [{ cpu: draw.below(options.cpus), id: loaded.id, at: draw.below(48) }] };
});

const dropOne: Edit = ({ options, actions }, draw) =>
  actions.length < 2 ? undefined : { options, actions: actions.toSpliced(draw.below(actions.length), 1) };

const moveOne: Edit = ({ options, actions }, draw) => {
  if (actions.length < 2) return undefined;
  const from = draw.below(actions.length);
  const moved = actions[from]!;
  return { options, actions: actions.toSpliced(from, 1).toSpliced(draw.below(actions.length), 0, moved) };
};

/** One action once more somewhere behind itself. */
const repeatOne: Edit = (history, draw) => {
  const { actions } = history;
  if (actions.length === 0) return undefined;
  const from = draw.below(actions.length);
  return withActions(history, actions.toSpliced(draw.between(from + 1, actions.length), 0, actions[from]!));
};

/** Something done to a program that was loaded before: a run, a free, an attach, a detach. */
const addAction: Edit = (history, draw) => {
  const { actions, options } = history;
  const place = draw.between(1, actions.length);
  const loaded = actions.slice(0, place).flatMap((action) => (action.kind === "load" ? [action.id] : []));
  if (loaded.length === 0) return undefined;
  const id = draw.pick(loaded);
  const how = draw.below(4);
  const recorder = (): AttachedProgram => ({
    ...{ kind: draw.pick(ATTACH_KINDS), id: draw.chance(30) ? draw.pick(loaded) : undefined },
    ...{ result: draw.chance(60) ? 0 : draw.between(1, 9), enterReturnsZero: draw.chance(15) },
  });
  const added: Action =
    how === 0
      ? { kind: "run", id, cpu: draw.below(options.cpus) }
      : how === 1
        ? { kind: draw.chance(50) ? "free" : "detach", id, ...NOTHING_ELSE }
        : { kind: "attach", id, programs: Array.from({ length: draw.between(1, 3) }, recorder), ...NOTHING_ELSE };
  return withActions(history, actions.toSpliced(place, 0, named(added)));
};

/** A live program answers what it answers; only one that notes is told. */
const named = (action: Action): Action =>
  action.kind === "attach"
    ? { ...action, programs: action.programs.map((one) => (one.id === undefined ? one : { ...one, result: 0 })) }
    : action;

const otherOptions: Edit = ({ options, actions }, draw) => {
  const limit = draw.chance(50) ? undefined : draw.between(1, 40) * 512;
  const packBytes = draw.chance(50) ? options.packBytes : draw.pick([4096, 8192, 16384]);
  const packsBeyondBranchRange = draw.chance(30) ? !options.packsBeyondBranchRange : options.packsBeyondBranchRange;
  const images = draw.chance(85) ? options.images : options.images === "packs" ? "pages" : "packs";
  return { options: { ...options, packBytes, limit, packsBeyondBranchRange, images }, actions };
};

const EDITS: readonly (readonly [number, Edit])[] = [
  [4, splice],
  [4, resize],
  [3, addFailure],
  [1, noFailure],
  [3, moveConcurrentRun],
  [2, dropOne],
  [2, moveOne],
  [1, repeatOne],
  [3, addAction],
  [1, otherOptions],
];
const MENU: readonly Edit[] = EDITS.flatMap(([weight, edit]) => new Array<Edit>(weight).fill(edit));

/** One to three edits. Undefined if none of them found anything to change, or one took back what another did. */
export function mutateHistory(parent: History, other: History, draw: Draw): History | undefined {
  let value: History | undefined;
  for (let edits = draw.between(1, MOST_EDITS); edits > 0; edits--) {
    value = draw.pick(MENU)(value ?? parent, draw, other) ?? value;
  }
  return value?.actions.length === 0 || isDeepStrictEqual(value, parent) ? undefined : value;
}
