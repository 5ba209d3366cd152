// Programs that nobody has made valid: generated ones, damaged at random. Whatever a JIT can be given of them is run, and
// none is ever a counterexample: the witnesses agree, or the program itself is at fault and the reason says where. That
// this is not said too readily, a planted bug shows that has to be found among them.

import { expect, test } from "vitest";
import type { Insn } from "../../../spec/bpf/insn.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { LINUX_DIALECT } from "../../../subjects/dialect.js";
import { defaultSubject } from "../../../subjects/index.js";
import { Draw } from "../../../subjects/random/draw.js";
import { randomSource } from "../../../subjects/random/source.js";
import type { JitFunction, Subject } from "../../../subjects/subject.js";
import { saturated } from "../../../testing/law.js";
import { type Verdict, withoutNumbers } from "../../verdict.js";
import { CaseArbitrary } from "./arbitrary.js";
import { checkCase, makeChecker } from "./check.js";
import { aliasOperands, type CodeEdit, dropOne, edgeImmediate, otherRow, splice, swapOperands } from "./mutate/code.js";
import { printCase } from "./text.js";

const SEED = 20_261_129;
const PROGRAMS = saturated({ few: 6000, full: 20_000 });
const MOST_EDITS = 4;

const REGISTERS = 11;
const changed = (code: readonly Insn[], pc: number, fields: Partial<Insn>): readonly Insn[] =>
  code.with(pc, { ...code[pc]!, ...fields } as Insn);

/** Any register where one is read or written. */
const otherRegister: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  const { row } = code[pc]!;
  const register = draw.below(REGISTERS);
  if (row.dst !== "none" && draw.chance(50)) return changed(code, pc, { dst: register });
  return row.src === "r" || row.src === "rw" ? changed(code, pc, { src: register }) : undefined;
};

/** Another target: mostly a jump forward, now and then a loop. */
const otherTarget: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  if (code[pc]!.row.off !== "branch") return undefined;
  return changed(code, pc, { off: draw.between(draw.chance(10) ? -pc : 0, code.length - pc) });
};

/** A displacement from anywhere, so that pointers leave what they point to. */
const otherDisplacement: CodeEdit = (code, draw) => {
  const pc = draw.below(code.length);
  return code[pc]!.row.off === "mem" ? changed(code, pc, { off: draw.between(-600, 600) }) : undefined;
};

const EDITS: readonly CodeEdit[] = [
  ...[aliasOperands, dropOne, edgeImmediate, otherRow, splice, swapOperands],
  ...[otherRegister, otherTarget, otherDisplacement],
];

const arbitrary = new CaseArbitrary({ maxSize: 40 });

/** The program of that number, if it is still one that a JIT can be given. */
function wild(index: number): Case | undefined {
  const draw = new Draw(randomSource(SEED, index));
  let value: Case = arbitrary.generate(randomSource(SEED + 1, index)).value;
  const other = arbitrary.generate(randomSource(SEED + 2, index)).value;
  for (let edits = draw.between(1, MOST_EDITS); edits > 0; edits--) {
    const { code } = value.program;
    const at = draw.below(code.length);
    const edited = draw.pick(EDITS)(code[at]!, draw, draw.pick(other.program.code), LINUX_DIALECT);
    if (edited !== undefined && edited.length > 0) {
      value = { ...value, program: { ...value.program, code: code.with(at, edited) } };
    }
  }
  return validate(value.program, { definedness: "run" }).ok ? value : undefined;
}

function verdictsOf(programs: number, subject: Subject): { readonly c: Case; readonly verdict: Verdict }[] {
  const checker = makeChecker({ subject, definedness: "run", fuel: 5_000 });
  const verdicts = [];
  for (let index = 0; verdicts.length < programs; index++) {
    const c = wild(index);
    if (c === undefined) continue;
    const report = checkCase(c, checker);
    if (report.kind === "checked") verdicts.push({ c, verdict: report.verdict });
  }
  return verdicts;
}

test("no program that nobody made valid is a counterexample", () => {
  const reasons = new Map<string, number>();
  for (const { c, verdict } of verdictsOf(PROGRAMS, defaultSubject)) {
    if (verdict.kind !== "agree" && verdict.kind !== "incomparable") {
      expect(verdict, printCase(c, { title: "a false counterexample" })).toBeUndefined();
    }
    const why = verdict.kind === "incomparable" ? withoutNumbers(verdict.why) : verdict.kind;
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
  }
  // Enough of them are compared, and many reasons were needed for the others.
  expect(reasons.get("agree")).toBeGreaterThan(0.3 * PROGRAMS);
  expect(reasons.size).toBeGreaterThan(20);
});

/** One load in a few reads its neighbour: the mistake of a displacement that is scaled wrongly. */
const misplaced = (fn: JitFunction): JitFunction => ({
  ...fn,
  insns: fn.insns.map((slot) =>
    slot.row.kind === "load" && slot.off % 16 === -8 ? { ...slot, off: slot.off - 8 } : slot,
  ),
});

test("a planted bug that computes a wrong address is found among them", () => {
  const planted: Subject = {
    ...defaultSubject,
    boot(options) {
      const kernel = defaultSubject.boot(options);
      const load = kernel.loadProgram.bind(kernel);
      kernel.loadProgram = (functions) => load(functions.map(misplaced));
      return kernel;
    },
  };
  const found = verdictsOf(500, planted).filter(({ verdict }) => verdict.kind === "disagree");
  expect(found.map(({ verdict }) => verdict.kind === "disagree" && verdict.oracle)).toContain("exec-match");
});
