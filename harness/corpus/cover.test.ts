import fc from "fast-check";
import { expect, test } from "vitest";
import { assertLaw } from "../../testing/law.js";
import { fewestOf } from "./cover.js";

const pointsArbitrary = fc.uniqueArray(fc.constantFrom(..."abcdefgh"), { maxLength: 6 });
const candidatesArbitrary = fc.array(
  fc.record({ points: pointsArbitrary.map((points) => new Set(points)), size: fc.nat(9) }),
  { maxLength: 12 },
);

test("a cover reaches what all reach, and none of it is needless", () => {
  assertLaw(
    fc.property(candidatesArbitrary, pointsArbitrary, (drawn, reached) => {
      const all = new Set([...reached, ...drawn.flatMap(({ points }) => [...points])]);
      const chosen = fewestOf(
        drawn.map(({ points, size }) => ({ item: points, points, size })),
        reached,
      );
      expect(new Set([...reached, ...chosen.flatMap((points) => [...points])])).toEqual(all);
      for (const [i] of chosen.entries()) {
        const others = new Set([...reached, ...chosen.toSpliced(i, 1).flatMap((points) => [...points])]);
        expect(others.size).toBeLessThan(all.size);
      }
    }),
    { seed: 17, numRuns: 300 },
  );
});

test("of two that add as much, the smaller one is taken", () => {
  const [small, large] = [1, 2].map((size) => ({ item: size, points: new Set(["a"]), size }));
  expect(fewestOf([large!, small!])).toEqual([1]);
});
