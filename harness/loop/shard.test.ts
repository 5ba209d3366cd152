import { expect, test } from "vitest";
import { lanesFor, lanesOf, parseShard, shardFromEnvironment, workersFor } from "./shard.js";

test.each([
  ["1/1", { index: 1, of: 1 }],
  ["3/8", { index: 3, of: 8 }],
  ["0/8", undefined],
  ["9/8", undefined],
  ["1", undefined],
])("%s", (text, shard) => {
  expect(parseShard(text)).toEqual(shard);
});

test.each([1, 2, 3, 5, 24, 40])("%d shards share the lanes out", (of) => {
  const lanes = lanesFor({ index: 1, of });
  const all = Array.from({ length: of }, (_, i) => lanesOf({ index: i + 1, of }, lanes));
  expect(all.every((part) => part.length > 0)).toBe(true);
  expect(all.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: lanes }, (_, lane) => lane));
});

test.each([
  [8, { index: 1, of: 1 }, 8, 8, undefined],
  [64, { index: 1, of: 1 }, 64, 64, undefined],
  [64, { index: 1, of: 1 }, 8, 8, "8 workers, one for each lane: --lanes 128 in a new campaign has work for 64"],
  [
    4,
    { index: 2, of: 8 },
    8,
    1,
    "1 worker, one for each lane of this shard: --lanes 64 in all shards of a new campaign has work for 4",
  ],
  [2, { index: 3, of: 3 }, 8, 2, undefined],
])("%d workers for shard %j of %d lanes", (jobs, shard, lanes, workers, note) => {
  expect(workersFor(jobs, { shard, lanes })).toEqual({ workers, note });
  // What the note says is so.
  const wanted = Number(/--lanes (\d+)/.exec(note ?? "")?.[1] ?? lanes);
  expect(workersFor(jobs, { shard, lanes: wanted })).toEqual({ workers: jobs, note: undefined });
});

test.each([
  [{}, undefined],
  [{ ROX_SHARD: "2/3" }, { index: 2, of: 3 }],
  [
    { JOB_COMPLETION_INDEX: "0", ROX_SHARDS: "4" },
    { index: 1, of: 4 },
  ],
  [{ JOB_COMPLETION_INDEX: "2" }, undefined],
  [
    { SLURM_ARRAY_TASK_ID: "11", SLURM_ARRAY_TASK_MIN: "10", SLURM_ARRAY_TASK_COUNT: "4" },
    { index: 2, of: 4 },
  ],
  [
    { ROX_SHARD_INDEX: "3", ROX_SHARDS: "4" },
    { index: 4, of: 4 },
  ],
])("%j", (env, shard) => {
  expect(shardFromEnvironment(env)).toEqual({ ok: true, value: shard });
});

test("a scheduler that makes no sense is refused", () => {
  expect(shardFromEnvironment({ ROX_SHARD_INDEX: "4", ROX_SHARDS: "4" })).toMatchObject({ error: { got: "5/4" } });
  expect(shardFromEnvironment({ ROX_SHARD: "a" })).toMatchObject({ error: { subject: "ROX_SHARD" } });
});
