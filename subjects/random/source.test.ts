import { expect, test } from "vitest";
import { randomSource } from "./source.js";

const words = (seed: number, index: number): readonly number[] => {
  const source = randomSource(seed, index);
  return [source.nextInt(), source.nextInt(), source.nextInt()];
};

test("a pure function of seed and index", () => {
  expect(words(7, 3)).toEqual(words(7, 3));
  expect(words(7, 2 ** 32 + 3)).not.toEqual(words(7, 3));
  expect(words(8, 3)).not.toEqual(words(7, 3));
});

test("neighbouring indexes and seeds share nothing", () => {
  const first = new Set(Array.from({ length: 20_000 }, (_, i) => words(1, i)[0]));
  expect(first.size).toBe(20_000);
  const all = new Set([0, 1, 2, 3].flatMap((seed) => Array.from({ length: 2000 }, (_, i) => words(seed, i).join())));
  expect(all.size).toBe(8000);
});

test("every bit is set about half of the time", () => {
  const counts = new Array<number>(32).fill(0);
  for (let i = 0; i < 4000; i++) {
    const word = words(5, i)[1] ?? 0;
    for (let bit = 0; bit < 32; bit++) counts[bit]! += (word >>> bit) & 1;
  }
  for (const [bit, n] of counts.entries()) {
    expect(n, `bit ${bit}`).toBeGreaterThan(1800);
    expect(n, `bit ${bit}`).toBeLessThan(2200);
  }
});
