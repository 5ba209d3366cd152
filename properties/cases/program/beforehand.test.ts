import { expect, test } from "vitest";
import type { Row } from "../../../spec/bpf/isa.js";
import type { Case } from "../../../subjects/case.js";
import { randomSource } from "../../../subjects/random/source.js";
import { CaseArbitrary } from "./arbitrary.js";
import { checkCase, makeChecker } from "./check.js";
import { asDrawn } from "./validity.js";

const arbitrary = new CaseArbitrary({});
const drawn = (count: number): readonly Case[] =>
  Array.from({ length: count }, (_, index) => arbitrary.generate(randomSource(1, index)).value);

function checked(cases: readonly Case[], isAnnounced: boolean) {
  const checker = makeChecker();
  if (isAnnounced) checker.announce(cases);
  return cases.map((c) => {
    const rows = new Set<Row>();
    const jumps = new Set<string>();
    const report = checkCase(c, checker, {
      count: (row, taken) => (taken === undefined ? rows.add(row) : jumps.add(`${row.id} ${taken}`)),
    });
    return { report, rows: [...rows].map(({ id }) => id).sort(), jumps: [...jumps].sort() };
  });
}

test("programs are judged as they are one by one, and the same rows ran", () => {
  const cases = drawn(60);
  expect(checked(cases, true)).toEqual(checked(cases, false));
});

test("one that is not valid, and one whose lowering throws, are told of when their turn comes", () => {
  const [first, second, third] = drawn(3) as [Case, Case, Case];
  // Falls off its end.
  const { program } = first;
  const broken = { ...first, program: { ...program, code: program.code.map((code) => code.slice(0, -1)) } };
  const thrown = asDrawn({ ...second.program, code: [undefined as never] }, undefined);
  const checker = makeChecker();
  const began: number[] = [];
  checker.announce([broken, { ...second, program: thrown }, third], (nth) => began.push(nth));
  expect(began).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2]);
  expect(checkCase(broken, checker).kind).toBe("invalid");
  expect(() => checkCase({ ...second, program: thrown }, checker)).toThrow();
  expect(checkCase(third, checker)).toMatchObject({ verdict: { kind: "agree" } });
});

test("whoever asks again has it found out again", () => {
  const [c] = drawn(1) as [Case];
  const checker = makeChecker();
  checker.announce([c]);
  const answers = [checkCase(c, checker), checkCase(c, checker)].map((report) => {
    if (report.kind === "invalid") throw new Error("not valid");
    return report.runs[0]?.expected;
  });
  expect(answers[0]).toEqual(answers[1]);
  expect(answers[0]).not.toBe(answers[1]);
});
