// Making a failing case of tracing plainer: fewer programs and arguments, a nearer function, smaller numbers.

import { type U64, u64 } from "../../../spec/bits.js";
import { descend, type StillFails } from "../shrink.js";
import { smallerWords } from "../smaller-words.js";
import { type ProgramPlan, registersOf, type TrampolineSetup } from "./arbitrary.js";
import { plain, programsOf, type TrampolineCase } from "./case.js";

const MOST_ROUNDS = 30;
const LISTS = ["fentry", "fmodRet", "fexit"] as const;
const TARGETS: readonly TrampolineSetup["target"][] = ["near", "jit", "far", "structOps"];

/** @param budget how often `stillFails` may be asked */
export function minimizeTrampoline(
  start: TrampolineCase,
  stillFails: StillFails<TrampolineCase>,
  budget: number,
): TrampolineCase {
  return descend(start, {
    passes: [fewerPrograms, plainerWorld, fewerArguments, smallerNumbers],
    judge: (best) => {
      const weight = weigh(best);
      return (candidate) => programsOf(candidate) > 0 && weigh(candidate) < weight;
    },
    stillFails,
    budget,
    rounds: MOST_ROUNDS,
  });
}

const within = (c: TrampolineCase, change: Partial<TrampolineSetup>): TrampolineCase =>
  plain({ ...c, setup: { ...c.setup, ...change } });

function* fewerPrograms(c: TrampolineCase): Generator<TrampolineCase> {
  if (c.setup.target === "structOps") return;
  for (const list of LISTS) {
    const plans = c.setup[list];
    if (plans.length > 1) yield within(c, { [list]: [] });
    for (let i = 0; i < plans.length; i++) yield within(c, { [list]: plans.toSpliced(i, 1) });
  }
}

function* plainerWorld(c: TrampolineCase): Generator<TrampolineCase> {
  const { target, helpersFar, bti, ipArg, returns, moment } = c.setup;
  if (c.record !== undefined) yield plain({ ...c, record: undefined });
  if (moment !== undefined) yield within(c, { moment: undefined });
  if (helpersFar) yield within(c, { helpersFar: false });
  if (bti) yield within(c, { bti: false });
  if (ipArg) yield within(c, { ipArg: false });
  if (returns) yield within(c, { returns: false });
  if (target !== "structOps" && c.record === undefined) {
    for (const other of TARGETS.slice(0, TARGETS.indexOf(target))) yield within(c, { target: other });
  }
  for (let at = moment ?? 0; at > 0; at--) yield within(c, { moment: at - 1 });
}

function* fewerArguments(c: TrampolineCase): Generator<TrampolineCase> {
  const { args, values, target } = c.setup;
  if (target === "jit") return;
  let register = 0;
  for (const [i, arg] of args.entries()) {
    const taken = registersOf([arg]);
    yield within(c, { args: args.toSpliced(i, 1), values: values.toSpliced(register, taken) });
    if (taken === 1 && (arg.isStruct || arg.bytes !== 8)) {
      yield within(c, { args: args.with(i, { bytes: 8, isStruct: false }) });
    }
    register += taken;
  }
}

function* smallerNumbers(c: TrampolineCase): Generator<TrampolineCase> {
  const { setup } = c;
  if (c.record !== undefined) for (const record of smallerWords(u64(c.record))) yield { ...c, record };
  for (const word of smallerWords(u64(setup.original))) yield within(c, { original: word });
  for (const [i, value] of setup.values.entries()) {
    for (const word of smallerWords(u64(value))) yield within(c, { values: setup.values.with(i, word) });
  }
  for (const list of LISTS) {
    for (const [i, plan] of setup[list].entries()) {
      for (const plainer of plainerPlans(plan, setup.target === "structOps")) {
        yield within(c, { [list]: setup[list].with(i, plainer) });
      }
    }
  }
}

function* plainerPlans(plan: ProgramPlan, alwaysStarts: boolean): Generator<ProgramPlan> {
  if (plan.sleepable) yield { ...plan, sleepable: false };
  if (plan.recursionChecked) yield { ...plan, recursionChecked: false };
  if (plan.lsmCgroup) yield { ...plan, lsmCgroup: false };
  if (!plan.jited) yield { ...plan, jited: true };
  for (const cookie of smallerWords(u64(plan.cookie))) yield { ...plan, cookie };
  for (const result of smallerWords(u64(plan.result))) yield { ...plan, result };
  for (const start of smallerWords(u64(plan.start))) if (start !== 0n || !alwaysStarts) yield { ...plan, start };
}

/** A total order on what is told, the heaviest things first. */
function weigh(c: TrampolineCase): number {
  const { setup, record } = c;
  const { target, args, helpersFar, bti, ipArg, returns, moment, values, original } = setup;
  const plans = LISTS.flatMap((list) => setup[list]);
  const flags = plans.reduce(
    (n, p) => n + Number(p.sleepable) + Number(p.recursionChecked) + Number(p.lsmCgroup) + Number(!p.jited),
    0,
  );
  const words = [...values, original, ...plans.flatMap((p) => [p.cookie, p.result, p.start]), record ?? 0n];
  return (
    1e6 * plans.length +
    1e5 * Number(record !== undefined) +
    1e4 * (TARGETS.indexOf(target) + [helpersFar, bti, ipArg, returns].filter(Boolean).length) +
    1e3 * (moment === undefined ? 0 : 1 + moment / 1e4) +
    100 * args.reduce((n, { bytes, isStruct }) => n + (isStruct ? 3 + bytes / 16 : bytes === 8 ? 1 : 2), 0) +
    10 * flags +
    words.reduce((n, word) => n + wordWeight(u64(word)), 0)
  );
}

/** Fewer bits weigh less. */
const wordWeight = (word: U64): number =>
  word === 0n ? 0 : word.toString(2).length / 100 + Number(word) / 2 ** 64 / 1e4;
