// Campaigns of an older version, whose kinds had other names and whose records counted less.

import { expect, test } from "vitest";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { roundOf } from "./lane.js";
import { SCHEMAS, shaped } from "./schema.js";
import { WHOLE } from "./shard.js";
import { type CampaignRecord, CampaignState } from "./state.js";

const NO_GAIN = { fresh: [0, 0], mutants: [0, 0] } as const;

test("kinds by their old names have their turns", () => {
  expect(roundOf(["kernel-rows", "tracing"])).toEqual([VERIFIER_ONLY.name, TRAMPOLINES.name]);
});

test("records and samples are read with the keys that they had before", () => {
  const counts = { passed: 32, runs: 0, slots: 0, words: 0, executed: 0, steps: 0 };
  const chunk = (sums: object, kept: object): object => ({
    ...{ kind: "chunk", lane: 0, done: 32, of: "programs", hits: [], kept: [kept], gain: NO_GAIN, sums },
    ...{ emitted: [], incomparable: {}, again: {}, ignored: 0 },
  });
  const now = chunk({ cases: 32, ...counts }, { index: 1, text: "exit", points: ["a|b|c|d"] });
  const before = chunk({ trials: 32, ...counts }, { index: 1, text: "exit", cells: ["a|b|c|d"] });
  expect(shaped(SCHEMAS.record, before)).toEqual({ value: now });
  expect(shaped(SCHEMAS.record, now)).toEqual({ value: now });
  expect(shaped(SCHEMAS.sample, { ms: 1, trials: 2, executed: 3, cells: 4, findings: 5 })).toEqual({
    value: { ms: 1, cases: 2, executed: 3, points: 4, findings: 5 },
  });
});

test("the lowest index says what a cause is, whatever comes first", () => {
  const record = (name: string, index: number, suspected: string) =>
    ({ kind: "finding", name, index, suspected }) as const;
  const records = [record("a", 9, "x"), record("b", 4, "x"), record("c", 6, "y"), record("a", 7, "y")];
  const states = [records, records.toReversed()].map((order) => {
    const state = new CampaignState({ shard: WHOLE, lanes: 1, kinds: ["programs"], chunk: 32 });
    for (const one of order) state.apply(one);
    return state;
  });
  for (const state of states) {
    expect([...state.causes()].sort()).toEqual([
      ["b", []],
      ["c", ["a"]],
    ]);
    const again = new CampaignState({ shard: WHOLE, lanes: 1, kinds: ["programs"], chunk: 32 });
    again.apply(state.snapshot());
    expect(again.causes()).toEqual(state.causes());
  }
});

test("records of kinds by their old names go on under the present ones", () => {
  const state = new CampaignState({ shard: WHOLE, lanes: 1, kinds: ["kernel-rows", "tracing"], chunk: 32 });
  const sums = { cases: 32, passed: 32, runs: 0, slots: 0, words: 0, executed: 0, steps: 0 };
  const snapshot = {
    ...{ kind: "snapshot", elapsedMs: 5, sums: { "kernel-rows": sums }, emitted: [], incomparable: {}, ignored: 0 },
    ...{ findings: {}, suspected: {}, leads: {}, seen: {} },
    lanes: [{ lane: 0, done: 32, memories: { "kernel-rows": { hits: { "a|b|c|d": 3 }, kept: [], gain: NO_GAIN } } }],
  };
  state.apply(snapshot as unknown as CampaignRecord);
  const chunk = { lane: 0, done: 64, of: "tracing", hits: [], kept: [], gain: NO_GAIN, emitted: [], incomparable: {} };
  state.apply({ kind: "chunk", ...chunk, sums, again: {}, ignored: 0 } as never);
  expect([...state.sumsOf.keys()]).toEqual([VERIFIER_ONLY.name, TRAMPOLINES.name]);
  expect(state.sums).toMatchObject({ cases: 64, passed: 64, interleavings: 0, refused: 0 });
  expect(state.lanes[0]?.memory(VERIFIER_ONLY.name).hits.get("a|b|c|d")).toBe(3);
});
