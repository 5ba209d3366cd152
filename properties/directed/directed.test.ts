import { expect, test, vi } from "vitest";
import { ROWS } from "../../spec/bpf/isa.js";
import { compiledInterpreter } from "../../spec/compiled/interpret.js";
import { defaultSubject } from "../../subjects/index.js";
import { toySubject } from "../../testing/toy-subject.js";
import { FORMS } from "./forms.js";
import { directedCases } from "./index.js";
import { INTERPRETERS } from "./interpreters.js";

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

test("a form that a kernel has lost is named, and what came with a later release is not", () => {
  const said = (...lost: readonly string[]): readonly (string | undefined)[] => {
    const forms = new Set(ROWS.map(({ id }) => id).filter((id) => !lost.includes(id)));
    return FORMS.map(({ check }) => check({ ...defaultSubject, forms: () => forms }));
  };
  const [all, atomics, v4] = FORMS.map(({ name }) => name);
  expect([all, atomics, v4]).toEqual([
    ...["the instruction forms of the first versions", "the instruction forms of atomics"],
    "the instruction forms of cpu v4",
  ]);
  expect(said()).toEqual([undefined, undefined, undefined]);
  expect(said("arsh imm", "lock fetch add", "swap16")).toEqual([
    ...["the JIT does not take arsh imm", "the JIT does not take lock fetch add", "the JIT does not take swap16"],
  ]);
  const older = ROWS.filter(({ kind, cpu, id }) => cpu === 4 || (kind === "atomic" && !/^lock add(32)?$/.test(id)));
  expect(said(...older.map(({ id }) => id))).toEqual([undefined, undefined, undefined]);
});

test("an interpreter that says something else is told by each case that asks both", () => {
  const compiled = compiledInterpreter()!;
  const original = compiled.interpret.bind(compiled);
  const spy = vi.spyOn(compiled, "interpret").mockImplementation((run) => {
    const said = original(run);
    return said?.kind === "returned" ? { ...said, r0: said.r0 + 1n } : said;
  });
  const told = INTERPRETERS.map(({ check }) => check(defaultSubject));
  spy.mockRestore();
  expect(told).toHaveLength(INTERPRETERS.length);
  for (const what of told) expect(what).toMatch(/^r0: expected \S+, got \S+ in: ./);
});
