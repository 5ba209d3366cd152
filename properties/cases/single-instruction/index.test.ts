import { expect, test } from "vitest";
import { defaultEngine } from "../../../engines/index.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { ROWS, rowById } from "../../../spec/bpf/isa.js";
import { IMAGE } from "../../../subjects/directed-case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { DEFAULT_ENV, type JitFunction, type Subject } from "../../../subjects/subject.js";
import { toySubject } from "../../../testing/toy-subject.js";
import { bodiesFor } from "./bodies.js";
import { furthestBranches } from "./branches.js";
import { INSTRUCTIONS } from "./index.js";
import { programsFor } from "./programs.js";

const WITHOUT_LSE = { ...DEFAULT_ENV, lse: false };
const cases = Array.from({ length: INSTRUCTIONS.count! }, (_, index) => INSTRUCTIONS.fresh(1, index));
const verdicts = (subject: Subject, some: typeof cases = cases) => {
  const checker = INSTRUCTIONS.checker(subject, [defaultEngine()]);
  return some.map((c) => checker.check(c).verdict);
};

test("every form has cases, but those that no verifier of this project lets through and the second half of a constant", () => {
  const without = ROWS.filter((row) => programsFor(row).length + bodiesFor(row).length === 0);
  expect(without.map(({ id }) => id)).toEqual([...["call kfunc", "lddw variable", "lddw code", "lddw high"]]);
});

test("every case agrees", () => {
  const others = verdicts(defaultSubject).filter(({ kind }) => kind !== "agree");
  expect(others).toEqual([]);
});

test("a subject that only interprets agrees, but for what it lacks", () => {
  const kinds = new Set(verdicts(toySubject).map(({ kind }) => kind));
  expect([...kinds].sort()).toEqual(["agree", "refused"]);
});

/** The subject with another form compiled in place of one. */
function confused(id: string, other: string): Subject {
  const swapped = ({ insns, ...rest }: JitFunction): JitFunction => ({
    ...rest,
    insns: insns.map((one) => (one.row.id === id ? insn(rowById(other), one) : one)),
  });
  return {
    ...defaultSubject,
    boot(options) {
      const kernel = defaultSubject.boot(options);
      const loadProgram = kernel.loadProgram.bind(kernel);
      return Object.assign(kernel, { loadProgram: (all: readonly JitFunction[]) => loadProgram(all.map(swapped)) });
    },
  };
}

test.each([
  ["div reg", "mod reg"],
  ["arsh32 imm", "rsh32 imm"],
  ["jsle32 reg", "jslt32 reg"],
  ["ldxsb", "ldxb"],
  ["lock fetch xor32", "lock fetch or32"],
  ["load acquire h", "load acquire b"],
  ["store release w", "store release dw"],
  ["arena load acquire w", "arena load acquire h"],
  ["arena store release b", "arena store release dw"],
  ["arena stw", "arena sth"],
  ["percpu address", "mov reg"],
])("%s compiled as %s is found", (id, other) => {
  const row = rowById(id);
  const found = verdicts(confused(id, other), [...programsFor(row), ...bodiesFor(row)]);
  expect(found.filter(({ kind }) => kind === "disagree").length).toBeGreaterThan(0);
});

test("the furthest branches are as far as the JIT of Linux takes them", () => {
  for (const [i, c] of furthestBranches().entries()) {
    const [code] = c.program.code as [readonly Insn[]];
    const pc = code.findIndex(({ row, off }) => row.id === "jeq reg" && Math.abs(off) > 1000);
    const compiled = defaultSubject.compile([{ insns: code, index: 0, stackDepth: 0 }], WITHOUT_LSE, () => IMAGE);
    if (!compiled.ok) throw new Error(compiled.error.kind);
    const { offsets } = compiled.images[0]!;
    const target = offsets[pc + 1 + code[pc]!.off]!;
    expect(target - (offsets[pc + 1]! - 1)).toBe(i === 0 ? 2 ** 18 - 1 : -(2 ** 18));
  }
});

test("a case is written as what it is, and read again", () => {
  const body = bodiesFor(rowById("percpu address"))[0]!;
  for (const c of [cases[0]!, body]) {
    const text = INSTRUCTIONS.print(c, { title: "one" });
    const read = INSTRUCTIONS.parse(text);
    expect(read.ok && INSTRUCTIONS.print(read.value, { title: "one" })).toBe(text);
  }
  expect([cases[0]!, body].map((c) => INSTRUCTIONS.extensionOf!(c))).toEqual([".bpf", ".verifier"]);
});
