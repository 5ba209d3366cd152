import { expect, test } from "vitest";
import { tryFixed } from "./fixed.js";

test("an edge that is wrong, and one that throws, are failures with the command that tries them again", () => {
  const edges = [
    { name: "right", check: () => undefined },
    { name: "wrong", check: () => "a word too many" },
    {
      name: "worse",
      check(): undefined {
        throw new RangeError("no such slot");
      },
    },
  ];
  const { report, found } = tryFixed(1, { edges, encoders: false });
  expect(report).toEqual({ edges: 3, encoders: 0, encodings: 0 });
  expect(found.map(({ name, got, replay }) => [name, got, replay])).toEqual([
    ["edge: wrong", "a word too many", "npx rox gate --only edges"],
    ["edge: worse", "an exception: no such slot", "npx rox gate --only edges"],
  ]);
});
