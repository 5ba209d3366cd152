import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { tryDirected } from "./directed.js";

test("a directed case that is wrong, and one that throws, are failures with the command that tries them again", () => {
  const cases = [
    { name: "right", check: () => undefined },
    { name: "wrong", check: () => "a word too many" },
    {
      name: "worse",
      check(): undefined {
        throw new RangeError("no such slot");
      },
    },
  ];
  const { report, found } = tryDirected(1, defaultSubject, { cases, encoders: false });
  expect(report).toEqual({ cases: 3, encoders: 0, encodings: 0 });
  expect(found.map(({ name, got, replay }) => [name, got, replay])).toEqual([
    ["directed case: wrong", "a word too many", "npx rox gate --only directed"],
    ["directed case: worse", "an exception: no such slot", "npx rox gate --only directed"],
  ]);
});
