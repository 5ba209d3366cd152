import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import { toySubject } from "../../testing/toy-subject.js";
import { directedCases } from "./index.js";

test.each(directedCases(defaultSubject).map((directed) => [directed.name, directed] as const))(
  "%s",
  (_name, directed) => {
    expect(directed.check(defaultSubject)).toBeUndefined();
  },
);

test("whatever does not look at compiled code holds for a subject that only interprets", () => {
  const cases = directedCases(toySubject);
  expect(cases.length).toBeGreaterThan(25);
  expect(cases.flatMap(({ name, check }) => (check(toySubject) === undefined ? [] : [name]))).toEqual([]);
});
