import { expect, test } from "vitest";
import { allocFreeHistories } from "./alloc-free.js";

const PACK = 16;
/** One chunk, a few, half of the pack, all of it, more than it. */
const TELLING = [1, 3, 8, 16, 17];
const ALL = Array.from({ length: 17 }, (_, i) => i + 1);

test("every history of up to 4 allocations of any size and frees", () => {
  expect(allocFreeHistories({ packChunks: PACK, sizes: ALL, length: 4 })).toEqual({ tried: 119_969, failures: [] });
}, 300_000);

test("every history of up to 7 allocations of telling sizes and frees", () => {
  expect(allocFreeHistories({ packChunks: PACK, sizes: TELLING, length: 7 })).toEqual({ tried: 905_435, failures: [] });
}, 600_000);

test("shares of the work are all of it", () => {
  const tried = [0, 1, 2].map(
    (index) => allocFreeHistories({ packChunks: PACK, sizes: [1, 16], length: 5, share: { index, of: 3 } }).tried,
  );
  const { tried: all } = allocFreeHistories({ packChunks: PACK, sizes: [1, 16], length: 5 });
  expect(tried.reduce((sum, n) => sum + n, 0)).toBe(all);
});
