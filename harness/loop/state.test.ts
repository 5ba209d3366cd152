// Campaigns of an older version, whose kinds had other names and whose records counted less.

import { expect, test } from "vitest";
import { TRAMPOLINES } from "../../properties/cases/trampoline/index.js";
import { VERIFIER_ONLY } from "../../properties/cases/verifier-only/index.js";
import { roundOf } from "./lane.js";

import { WHOLE } from "./shard.js";
import { type CampaignRecord, CampaignState } from "./state.js";

const NO_GAIN = { fresh: [0, 0], mutants: [0, 0] } as const;

test("kinds by their old names have their turns", () => {
  expect(roundOf(["kernel-rows", "tracing"])).toEqual([VERIFIER_ONLY.name, TRAMPOLINES.name]);
});

test("records of kinds by their old names go on under the present ones", () => {
  const state = new CampaignState({ shard: WHOLE, lanes: 1, kinds: ["kernel-rows", "tracing"], chunk: 32 });
  const sums = { trials: 32, passed: 32, runs: 0, slots: 0, words: 0, executed: 0, steps: 0 };
  const snapshot = {
    ...{ kind: "snapshot", elapsedMs: 5, sums: { "kernel-rows": sums }, emitted: [], incomparable: {}, ignored: 0 },
    ...{ findings: {}, suspected: {} },
    lanes: [{ lane: 0, done: 32, memories: { "kernel-rows": { hits: { "a|b|c|d": 3 }, kept: [], gain: NO_GAIN } } }],
  };
  state.apply(snapshot as unknown as CampaignRecord);
  const chunk = { lane: 0, done: 64, of: "tracing", hits: [], kept: [], gain: NO_GAIN, emitted: [], incomparable: {} };
  state.apply({ kind: "chunk", ...chunk, sums, again: {}, ignored: 0 } as never);
  expect([...state.sumsOf.keys()]).toEqual([VERIFIER_ONLY.name, TRAMPOLINES.name]);
  expect(state.sums).toMatchObject({ trials: 64, passed: 64, interleavings: 0, refused: 0 });
  expect(state.lanes[0]?.memory(VERIFIER_ONLY.name).hits.get("a|b|c|d")).toBe(3);
});
