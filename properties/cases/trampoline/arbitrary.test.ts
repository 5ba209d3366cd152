import fc from "fast-check";
import { expect, test } from "vitest";
import { isAtReach, MOST_WORDS, passed, type TrampolineSetup, wordsOf } from "../../../subjects/trampoline/setup.js";
import { setup } from "./arbitrary.js";

const drawn = fc.sample(setup, { seed: 1, numRuns: 500 });
const share = (is: (value: TrampolineSetup) => boolean): number => drawn.filter(is).length / drawn.length;
const programs = ({ fentry, fmodRet, fexit, fsession }: TrampolineSetup): TrampolineSetup["fentry"] => [
  ...fentry,
  ...fmodRet,
  ...fexit,
  ...fsession,
];

test("every setup attaches something, to a function of at most twelve words", () => {
  expect(share((value) => programs(value).length > 0 && wordsOf(value.args) <= MOST_WORDS)).toBe(1);
});

test("struct_ops is one program, which always runs", () => {
  const members = drawn.filter(({ target }) => target === "structOps");
  expect(members.map((value) => programs(value).length)).toEqual(members.map(() => 1));
  expect(members.every(({ fentry }) => fentry[0]!.start !== 0n)).toBe(true);
});

test.each<[string, (value: TrampolineSetup) => boolean]>([
  ["programs", ({ target }) => target === "jit"],
  ["functions in reach", ({ target }) => target === "near"],
  ["functions out of reach", ({ target }) => target === "far"],
  ["functions at the end of reach", ({ target }) => isAtReach(target)],
  ["struct_ops", ({ target }) => target === "structOps"],
  ["programs that must not run", (value) => programs(value).some(({ start }) => start === 0n)],
  ["programs that are interpreted", (value) => programs(value).some(({ jited }) => !jited)],
  ["programs that decide", ({ fmodRet }) => fmodRet.some(({ start, result }) => start !== 0n && result !== 0n)],
  ["all three kinds", ({ fentry, fmodRet, fexit }) => fentry.length * fmodRet.length * fexit.length > 0],
  ["only programs before the function", ({ fmodRet, fexit }) => fmodRet.length + fexit.length === 0],
  ["structs of two registers", ({ args }) => args.some(({ bytes, isStruct }) => isStruct && bytes > 8)],
  ["all eight registers", ({ args }) => wordsOf(args) === 8],
  ["words on the stack", ({ args }) => passed(args).stack.length > 0],
  ["less than a word on the stack", ({ args }) => passed(args).stack.some((bytes) => bytes < 8)],
  ["sessions", ({ fsession }) => fsession.length > 0],
  ["sessions with something of their own", ({ fsession }) => fsession.some(({ leaves }) => leaves !== undefined)],
  ["no argument", ({ args }) => args.length === 0],
])("at least one in twenty-five has %s", (_, is) => {
  expect(share(is)).toBeGreaterThan(0.04);
});
