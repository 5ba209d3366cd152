import { expect, test } from "vitest";
import type { ProgramSpec } from "../action.js";
import { BuiltPrograms } from "./built-programs.js";

const spec = (insns: number, first = 1): ProgramSpec => ({ first, insns, subprograms: 0, probes: 0 });

/** Which of these programs were built when they were asked for in this order. */
function built(asked: readonly ProgramSpec[]): readonly ProgramSpec[] {
  const programs = new BuiltPrograms<ProgramSpec>();
  const made: ProgramSpec[] = [];
  for (const one of asked) {
    const got = programs.get(one, () => {
      made.push(one);
      return one;
    });
    expect(got).toEqual(one);
  }
  return made;
}

test("a program is built once, and another one for each number that differs", () => {
  expect(built([spec(3), spec(3, 2), spec(3), spec(3, 2)])).toEqual([spec(3), spec(3, 2)]);
});

test("large programs make room for others: the one that was built first goes first", () => {
  const [large, larger, last] = [spec(225_000), spec(300_000), spec(150_000)];
  expect(built([large, larger, large, last, larger])).toEqual([large, larger, last]);
  expect(built([large, larger, large, last, large])).toEqual([large, larger, last, large]);
});

test("the slots of subprograms count", () => {
  const [four, two]: ProgramSpec[] = [
    { ...spec(135_000), subprograms: 3 },
    { ...spec(135_000), subprograms: 1 },
  ];
  expect(built([four!, two!, four!])).toEqual([four, two, four]);
});

test("one that is larger than all the room is built and goes with the next", () => {
  const huge = spec(700_000);
  expect(built([spec(3), huge, huge, spec(3), huge])).toEqual([spec(3), huge, spec(3), huge]);
});

test("small programs are bounded in number", () => {
  const many = Array.from({ length: 4001 }, (_, first) => spec(2, first));
  expect(built([...many, spec(2, 4000), spec(2, 0)])).toHaveLength(4002);
});
