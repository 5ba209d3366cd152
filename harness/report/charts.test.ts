import { expect, test } from "vitest";
import { drawPace, drawSizes, rates } from "./charts.js";
import { thinned } from "./data.js";

const at = (elapsedMs: number, programs: number) => ({ elapsedMs, programs });

test("rates are taken over stretches of equal length", () => {
  expect(rates([at(100, 10), at(500, 50), at(600, 60), at(1000, 200)], 2)).toEqual([
    { from: 0, to: 0.5, rate: 100 },
    { from: 0.5, to: 1, rate: 300 },
  ]);
});

test("points at one moment count together, and no points have no rate", () => {
  expect(rates([at(500, 10), at(500, 20), at(1000, 30)], 2).map(({ rate }) => rate)).toEqual([20, 40]);
  expect(rates([])).toEqual([]);
});

test("what is too short to draw is not drawn", () => {
  expect(drawPace([at(10, 5)])).toBeUndefined();
  expect(drawSizes([{ upTo: 8, programs: 0 }])).toBeUndefined();
});

test("a drawing says what it shows and has no style of its own", () => {
  const svg = drawSizes([
    { upTo: 8, programs: 3 },
    { upTo: null, programs: 1 },
  ]);
  expect(svg).toMatch(/^<svg aria-label="4 programs by number of slots" role="img" /);
  expect(svg).toContain("&gt; 8");
  expect(svg).not.toContain("<style");
});

test("a long run is thinned, its end kept", () => {
  const pace = Array.from({ length: 10 }, (_, i) => at(i + 0.4, i));
  expect(thinned(pace, 3).map(({ programs }) => programs)).toEqual([3, 7, 9]);
});
