// A subject that lacks an instruction refuses a program: the next one is tried on the same kernel, unless an oracle says that
// something was left behind.

import { expect, test } from "vitest";
import { defaultSubject } from "../../../subjects/index.js";
import { randomSource } from "../../../subjects/random/source.js";
import type { LoadResult, Subject, SubjectKernel } from "../../../subjects/subject.js";
import { CaseArbitrary } from "./arbitrary.js";
import { makeCheck } from "./check.js";

const TRIES = 3;

/** Kernels that were booted for a few programs, all of which are refused. @param leak done before each refusal */
function bootsFor(leak: (kernel: SubjectKernel) => void): number {
  let boots = 0;
  const refusing: Subject = {
    ...defaultSubject,
    boot(options) {
      boots++;
      const kernel = defaultSubject.boot(options);
      const load = kernel.loadProgram.bind(kernel);
      const refuse = (): LoadResult => {
        leak(kernel);
        return { ok: false, index: 0, error: { kind: "missing", what: "all instructions" }, functions: [] };
      };
      let loads = 0;
      // The first stays loaded beside all that are tried.
      kernel.loadProgram = (functions) => (loads++ === 0 ? load(functions) : refuse());
      return kernel;
    },
  };
  const check = makeCheck({ subject: refusing });
  const arbitrary = new CaseArbitrary({ shape: "small" });
  for (let i = 0; i < TRIES; i++) {
    const report = check(arbitrary.generate(randomSource(1, i)).value);
    expect(report).toMatchObject({ verdict: { kind: "refused", missing: "all instructions" } });
  }
  return boots;
}

test("a program that is refused in good order costs no kernel", () => {
  expect(bootsFor(() => undefined)).toBe(1);
});

test("a refusal that leaves memory behind does", () => {
  expect(bootsFor(({ machine }) => void machine.kvmalloc(64))).toBe(TRIES);
});
