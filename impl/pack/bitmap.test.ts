import { expect, test } from "vitest";
import { Bitmap } from "./bitmap.js";

test("the lowest run that is long enough is found across words", () => {
  const bitmap = new Bitmap(128);
  expect(bitmap.firstFit(128)).toBe(0);
  bitmap.set(0, 30);
  bitmap.set(33, 64);
  expect([1, 3, 4, 31, 32].map((length) => bitmap.firstFit(length))).toEqual([30, 30, 97, 97, -1]);
  bitmap.set(30, 3);
  expect(bitmap.firstFit(1)).toBe(97);
  bitmap.clear(5, 2);
  expect([1, 2, 3].map((length) => bitmap.firstFit(length))).toEqual([5, 5, 97]);
});

test("a full bitmap has no room, an emptied one has all", () => {
  const bitmap = new Bitmap(64);
  bitmap.set(0, 64);
  expect([bitmap.firstFit(1), bitmap.count, bitmap.isSet(0, 64)]).toEqual([-1, 64, true]);
  bitmap.clear(0, 64);
  expect([bitmap.firstFit(64), bitmap.count, bitmap.isSet(63, 1)]).toEqual([0, 0, false]);
});

test("bits are taken once", () => {
  const bitmap = new Bitmap(64);
  bitmap.set(31, 2);
  expect(() => bitmap.set(32, 1)).toThrow("bits 32+1 are not all clear");
  expect(bitmap.isSet(31, 3)).toBe(false);
});
