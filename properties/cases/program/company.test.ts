import { expect, test } from "vitest";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { randomSource } from "../../../subjects/random/source.js";
import type { LoadedProgram, Subject, SubjectKernel } from "../../../subjects/subject.js";
import { CaseArbitrary } from "./arbitrary.js";
import { checkCase, makeChecker } from "./check.js";

const arbitrary = new CaseArbitrary({ shape: "small" });
const CASES: readonly Case[] = Array.from({ length: 30 }, (_, i) => arbitrary.generate(randomSource(7, i)).value);

type Load = SubjectKernel["loadProgram"];

/** Our own subject, of which each kernel loads in another way. */
const loading = (change: (kernel: SubjectKernel, load: Load) => Load): Subject => ({
  ...defaultSubject,
  boot(options) {
    const kernel = defaultSubject.boot(options);
    return Object.assign(kernel, { loadProgram: change(kernel, kernel.loadProgram.bind(kernel)) });
  },
});

/** By case: nothing where it agrees, else which oracle objects. */
function objectionsOf(subject: Subject, cases: readonly Case[]): readonly (string | undefined)[] {
  const checker = makeChecker({ subject });
  checker.announce(cases);
  return cases.map((c) => {
    const report = checkCase(c, checker);
    if (report.kind === "invalid") throw new Error("not valid");
    return report.verdict.kind === "disagree" ? report.verdict.oracle : undefined;
  });
}

test("several live at a time", () => {
  let [living, most] = [0, 0];
  const subject = loading((kernel, load) => {
    const free = kernel.freeProgram.bind(kernel);
    Object.assign(kernel, {
      freeProgram(program: LoadedProgram) {
        living--;
        free(program);
      },
    });
    return (functions) => {
      most = Math.max(most, ++living);
      return load(functions);
    };
  });
  expect(objectionsOf(subject, CASES)).toEqual(CASES.map(() => undefined));
  expect(most).toBeGreaterThanOrEqual(12);
});

test("who leaks while it is loaded is told of, and nobody who was loaded beside it", () => {
  const insnsOf = (functions: Parameters<Load>[0]): number => functions.reduce((n, { insns }) => n + insns.length, 0);
  const sizes: number[] = [];
  const looking = loading((_, load) => (functions) => {
    sizes.push(insnsOf(functions));
    return load(functions);
  });
  objectionsOf(looking, CASES);
  const most = Math.max(...sizes);
  const leaking = loading(({ machine }, load) => (functions) => {
    if (insnsOf(functions) === most) machine.kvmalloc(16);
    return load(functions);
  });
  expect(objectionsOf(leaking, CASES).filter((oracle) => oracle !== undefined)).toEqual(["no-leak"]);
});

test("who damages what was loaded before it is found, though alone nothing is wrong", () => {
  const last: LoadedProgram[] = [];
  const subject = loading((kernel, load) => (functions) => {
    const loaded = load(functions);
    const victim = last.at(-1)?.bpfFunc;
    if (victim !== undefined && kernel.machine.mapping(victim) !== undefined) {
      kernel.machine.poke(victim + 16, new Uint8Array(4));
    }
    if (loaded.ok) last.push(loaded.program);
    return loaded;
  });
  expect(objectionsOf(subject, CASES.slice(0, 6)).some((oracle) => oracle !== undefined)).toBe(true);
});
