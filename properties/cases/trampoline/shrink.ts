// Making a failing case of a trampoline plainer: fewer programs, a nearer function, fewer arguments, smaller numbers.

import { u64 } from "../../../spec/bits.js";
import {
  type ProgramPlan,
  type SessionPlan,
  type TrampolineSetup,
  wordsOf,
} from "../../../subjects/trampoline/setup.js";
import { descend, type Shrinker, type StillFails, total, type Weight } from "../shrink.js";
import { simplerEach, smallerWords, withoutEach } from "../smaller.js";
import { plain, programsOf, type TrampolineCase } from "./case.js";

const LISTS = ["fentry", "fmodRet", "fexit", "fsession"] as const;
/** The simplest first. */
const TARGETS: readonly TrampolineSetup["target"][] = [
  ...(["near", "jit", "far"] as const),
  ...(["lastAhead", "lastBehind", "beyondAhead", "beyondBehind", "structOps"] as const),
];

type Cases = Generator<TrampolineCase>;

const SHRINKER: Shrinker<TrampolineCase> = {
  passes: [fewerPrograms, plainerSurroundings, fewerArguments, smallerValues],
  weigh,
  standard: () => (c) => programsOf(c) > 0,
};

/** @param budget how often `stillFails` may be asked */
export const minimizeTrampoline = (
  start: TrampolineCase,
  stillFails: StillFails<TrampolineCase>,
  budget: number,
): TrampolineCase => descend(SHRINKER, start, stillFails, budget);

function weigh(c: TrampolineCase): Weight {
  const { setup, record } = c;
  const { target, args, helpersFar, bti, ipArg, returns, moment, values, original } = setup;
  const plans: readonly ProgramPlan[] = LISTS.flatMap((list): readonly ProgramPlan[] => setup[list]);
  const words = [...values, original, ...plans.flatMap((p) => [p.cookie, p.result, p.start]), record ?? 0n];
  const kept = setup.fsession.filter(({ leaves }) => leaves !== undefined).length;
  return [
    plans.length,
    record === undefined ? 0 : 1,
    TARGETS.indexOf(target) + [helpersFar, bti, ipArg, returns].filter(Boolean).length,
    moment === undefined ? 0 : 1,
    total(args, ({ bytes, isStruct }) => (isStruct ? 3 + bytes / 16 : bytes === 8 ? 1 : 2)),
    total(plans, (p) => [p.sleepable, p.recursionChecked, p.lsmCgroup, !p.jited].filter(Boolean).length) + kept,
    moment ?? 0,
    // Fewer bits, then smaller numbers.
    total(words, (word) => (word === 0n ? 0 : u64(word).toString(2).length)),
    total(words, (word) => Number(u64(word))),
  ];
}

const change = (c: TrampolineCase, to: Partial<TrampolineSetup>): TrampolineCase =>
  plain({ ...c, setup: { ...c.setup, ...to } });

function* fewerPrograms(c: TrampolineCase): Cases {
  if (c.setup.target === "structOps") return;
  for (const list of LISTS) {
    const plans = c.setup[list];
    if (plans.length > 1) yield change(c, { [list]: [] });
    for (const fewer of withoutEach(plans)) yield change(c, { [list]: fewer });
  }
}

/** No record of its own and no other CPU; without flags; a function that is simpler to reach. */
function* plainerSurroundings(c: TrampolineCase): Cases {
  const { target, moment } = c.setup;
  yield plain({ ...c, record: undefined });
  yield change(c, { moment: undefined });
  for (const flag of ["helpersFar", "bti", "ipArg", "returns"] as const) yield change(c, { [flag]: false });
  if (target !== "structOps") for (const other of TARGETS) yield change(c, { target: other });
  for (let at = moment ?? 0; at > 0; at--) yield change(c, { moment: at - 1 });
}

function* fewerArguments(c: TrampolineCase): Cases {
  const { args, values, target } = c.setup;
  if (target === "jit") return;
  let register = 0;
  for (const [i, arg] of args.entries()) {
    const taken = wordsOf([arg]);
    yield change(c, { args: args.toSpliced(i, 1), values: values.toSpliced(register, taken) });
    if (taken === 1) yield change(c, { args: args.with(i, { bytes: 8, isStruct: false }) });
    register += taken;
  }
}

function* smallerValues(c: TrampolineCase): Cases {
  const { setup } = c;
  if (c.record !== undefined) for (const record of smallerWords(u64(c.record))) yield { ...c, record };
  for (const original of smallerWords(u64(setup.original))) yield change(c, { original });
  for (const values of simplerEach(setup.values, (value) => smallerWords(u64(value)))) yield change(c, { values });
  const plainer = (plan: ProgramPlan): Iterable<ProgramPlan> => plainerPlans(plan, setup.target === "structOps");
  for (const list of LISTS) for (const plans of simplerEach(setup[list], plainer)) yield change(c, { [list]: plans });
  const withoutOwn = ({ leaves, ...plan }: SessionPlan): readonly SessionPlan[] =>
    leaves === undefined ? [] : [{ ...plan, leaves: undefined }];
  for (const fsession of simplerEach(setup.fsession, withoutOwn)) yield change(c, { fsession });
}

function* plainerPlans(plan: ProgramPlan, alwaysStarts: boolean): Generator<ProgramPlan> {
  for (const flag of ["sleepable", "recursionChecked", "lsmCgroup"] as const) yield { ...plan, [flag]: false };
  yield { ...plan, jited: true };
  for (const cookie of smallerWords(u64(plan.cookie))) yield { ...plan, cookie };
  for (const result of smallerWords(u64(plan.result))) yield { ...plan, result };
  for (const start of smallerWords(u64(plan.start))) if (start !== 0n || !alwaysStarts) yield { ...plan, start };
}
