import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { NotModelled } from "../../subjects/not-modelled.js";
import { tryDirected } from "./directed.js";

test("a directed case that is wrong, and one that throws, are failures with the command that tries them again", async () => {
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
  const { report, found } = await tryDirected(1, defaultSubject, { cases, encoders: false });
  expect(report).toEqual({ cases: 3, incomparable: [], encoders: 0, encodings: 0 });
  expect(found.map(({ name, got, replay }) => [name, got, replay])).toEqual([
    ["directed case: wrong", "a word too many", "npx rox gate --only directed"],
    ["directed case: worse", "an exception: no such slot", "npx rox gate --only directed"],
  ]);
});

test("what a subject lacks, and what its known defect makes a case say, is counted by name and is no failure", async () => {
  const lacking = (): string => {
    throw new NotModelled("packs of 4096 bytes");
  };
  const shows = ["pltResetFirst"] as const;
  const cases = [
    { name: "lacking", check: lacking },
    { name: "known", shows, check: () => "a call that goes nowhere" },
    { name: "mended", shows, check: () => undefined },
    { name: "new", check: () => "a word too many" },
  ];
  const subject = { ...defaultSubject, known: new Set(shows) };
  const { report, found } = await tryDirected(1, subject, { cases, encoders: false });
  expect(report).toMatchObject({
    cases: 2,
    incomparable: [
      { name: "lacking", why: "packs of 4096 bytes" },
      { name: "known", why: "a mended pltResetFirst, a known defect" },
    ],
  });
  expect(found.map(({ name }) => name)).toEqual(["directed case: new"]);
  const unknown = await tryDirected(1, defaultSubject, { cases, encoders: false });
  expect(unknown.found.map(({ name }) => name)).toEqual(["directed case: known", "directed case: new"]);
});
