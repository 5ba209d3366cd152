import { expect, test } from "vitest";
import { CodeLines } from "./coherence.js";

test("a store is seen after clean, invalidate and a synchronization, in that order", () => {
  const lines = new CodeLines(4096);
  expect(lines.stale(0, 4096, 0)).toBeUndefined();
  lines.written(100, 104);
  expect(lines.stale(0, 4096, 9)).toEqual({ at: 64, why: "notCleaned" });
  expect(lines.stale(0, 64, 9)).toBeUndefined();
  lines.cleaned(100, 104);
  expect(lines.stale(101, 102, 9)).toEqual({ at: 101, why: "notInvalidated" });
  lines.invalidated(100, 104, 7);
  expect(lines.stale(64, 128, 6)).toEqual({ at: 64, why: "notSynchronized" });
  expect(lines.stale(64, 128, 7)).toBeUndefined();
});

test("invalidating before cleaning is in vain", () => {
  const lines = new CodeLines(4096);
  lines.written(0, 4);
  lines.invalidated(0, 4, 1);
  lines.cleaned(0, 4);
  expect(lines.stale(0, 4, 9)).toEqual({ at: 0, why: "notInvalidated" });
});

test("maintenance that stops short leaves the last line", () => {
  const lines = new CodeLines(4096);
  lines.written(0, 192);
  lines.cleaned(0, 129);
  lines.invalidated(0, 128, 1);
  expect(lines.stale(0, 192, 9)).toEqual({ at: 128, why: "notInvalidated" });
});

test("a line that is stored twice is seen after one clean and one invalidate, until it is stored again", () => {
  const lines = new CodeLines(4096);
  lines.written(0, 128);
  lines.written(64, 192);
  lines.cleaned(0, 192);
  lines.invalidated(0, 192, 3);
  expect([lines.stale(0, 4096, 2), lines.stale(0, 4096, 3)]).toEqual([{ at: 0, why: "notSynchronized" }, undefined]);
  lines.written(128, 132);
  expect(lines.stale(0, 4096, 3)).toEqual({ at: 128, why: "notCleaned" });
  expect(lines.stale(0, 128, 3)).toBeUndefined();
  lines.reset();
  expect(lines.stale(0, 4096, 0)).toBeUndefined();
});
