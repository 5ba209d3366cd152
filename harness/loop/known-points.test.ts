import { expect, test } from "vitest";
import { CAMPAIGN, KnownPoints } from "./known-points.js";

const points = (count: number, of: string): readonly string[] =>
  Array.from({ length: count }, (_, i) => `${of}${i % 97}|imm|${i % 1009}|ran ${i}`);

test("what was added is known, to that lane and in every thread", () => {
  const known = new KnownPoints();
  for (const point of points(1000, "add")) known.add(3, point);
  known.add(CAMPAIGN, "exit");
  const { words } = known;
  const elsewhere = new KnownPoints(structuredClone(words));
  expect(points(1000, "add").every((point) => elsewhere.of(3).has(point))).toBe(true);
  expect([elsewhere.has(CAMPAIGN, "exit"), elsewhere.has(0, "exit")]).toEqual([true, false]);
});

test("of what was not added little seems to be known, also beside many points and in other lanes", () => {
  const known = new KnownPoints();
  for (let lane = CAMPAIGN; lane < 7; lane++) for (const point of points(20_000, "add")) known.add(lane, point);
  const seeming = [points(20_000, "sub").filter((point) => known.has(0, point))];
  seeming.push(points(20_000, "add").filter((point) => known.has(7, point)));
  for (const { length } of seeming) expect(length).toBeLessThan(60);
});
