// The watch over workers, on a worker that fails on demand.

import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, expect, test } from "vitest";
import { makeFiles } from "../../testing/files.js";
import { UNSTEERED } from "./chunk.js";
import { type Pool, threadPool } from "./pool.js";

/** Program 666 never ends, program 13 takes the worker with it, program 99 is one that cannot be made. Nothing can be shrunk. */
const WORKER = `
export default ({ kind, indexes, heartbeat }) => {
  if (kind !== "chunk") process.exit(3);
  for (const [n, index] of indexes.entries()) {
    Atomics.store(heartbeat, 1, index === 99 ? 0 : 1);
    Atomics.store(heartbeat, 0, n + 1);
    if (index === 666) for (;;);
    if (index === 13 || index === 99) process.exit(1);
    if (index === 14) { const all = []; for (;;) all.push(new Array(1e6).fill(index)); }
  }
  return { cases: indexes.length, points: { thread: 1, before: 0, names: [], numbers: new Float64Array() } };
};
`;
let pool: Pool;
afterEach(() => pool.close());

function open({ hangMs = 500 } = {}): Pool {
  const worker = pathToFileURL(path.join(makeFiles({ "worker.mjs": WORKER }), "worker.mjs"));
  pool = threadPool({ engines: [] }, { jobs: 1, hangMs, heapMb: 32, worker });
  return pool;
}
const run = (...indexes: number[]) =>
  pool.chunk({ kind: "chunk", of: "programs", seed: 1, indexes, steering: UNSTEERED, pointsEvery: 0 });

test("a worker that hangs is replaced, and its program named", async () => {
  open();
  expect(await run(1, 666, 2)).toMatchObject({ ok: false, lost: { kind: "hang", nth: 1 } });
  expect(await run(1, 2)).toMatchObject({ ok: true, result: { cases: 2 } });
});

test("a worker that runs out of memory is replaced, and its program named", async () => {
  open({ hangMs: 60_000 });
  expect(await run(1, 2, 14)).toMatchObject({ ok: false, lost: { kind: "crash", nth: 2 } });
  expect(await run(1)).toMatchObject({ ok: true });
});

test("a worker that ends itself is told from one that hangs, at once, and is replaced", async () => {
  open({ hangMs: 60_000 });
  const lost = { kind: "crash", nth: 0, why: "it ended itself with exit code 1" };
  expect(await run(13, 1)).toMatchObject({ ok: false, lost });
  // More tasks than workers: who waits gets the one that replaces it.
  const answers = await Promise.all([run(1), run(13), run(13), run(2)]);
  expect(answers.map((answer) => answer.ok)).toEqual([true, false, false, true]);
});

test("a worker that ends itself while it shrinks has shrunk nothing", async () => {
  open({ hangMs: 60_000 });
  const cause = { oracle: "exec-match", reason: "r0", what: "?" };
  const task = { kind: "shrink" as const, of: "programs", text: "", cause, runs: 1, ms: 60_000 };
  expect(await pool.shrink(task)).toBeUndefined();
  expect(await run(1)).toMatchObject({ ok: true });
});

test("a program that cannot be made is no finding", async () => {
  open();
  await expect(run(5, 99)).rejects.toThrow("while case 99 was made");
});
