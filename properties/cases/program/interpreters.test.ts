import { expect, test, vi } from "vitest";
import { compiledInterpreter } from "../../../spec/compiled/interpret.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { damaged } from "./damaged.js";
import { PROGRAMS } from "./index.js";
import { differenceBetween } from "./interpreters.js";

const some = Array.from({ length: 150 }, (_, index) => PROGRAMS.fresh(6, index));

test("both interpreters say the same of programs, and of what ran", () => {
  for (const c of some) expect(differenceBetween(c)).toBeUndefined();
});

test("and of damaged programs, of which many do what no program may", () => {
  const programs = Array.from({ length: 150 }, (_, index) => damaged(6, index)).filter((c) => c !== undefined);
  for (const c of programs) expect(differenceBetween(c, { fuel: 5000 })).toBeUndefined();
  const compiled = compiledInterpreter()!;
  const ends = programs.map(({ program, inputs: [input] }) => {
    const layout = layoutOf(program, input!.length);
    return compiled.interpret({ program, input: input!, layout, fuel: 5000 })?.kind;
  });
  expect(ends.filter((kind) => kind === "faulted").length).toBeGreaterThan(15);
  expect(ends.filter((kind) => kind === "returned").length).toBeGreaterThan(50);
});

test.each([
  ["another result", (r0: bigint) => ({ r0: r0 + 1n }), "r0"],
  ["another code", () => ({ code: 7 }), "the code that ran last"],
])("%s is told", (_, change, where) => {
  const compiled = compiledInterpreter()!;
  const original = compiled.interpret.bind(compiled);
  const spy = vi.spyOn(compiled, "interpret").mockImplementation((run) => {
    const said = original(run);
    return said?.kind === "returned" ? { ...said, ...change(said.r0) } : said;
  });
  const found = some.map((c) => differenceBetween(c)).find((one) => one !== undefined);
  spy.mockRestore();
  expect(found).toMatchObject({ oracle: "interpreters-agree", where });
});

test("so is a row that only one of them has run", () => {
  const compiled = compiledInterpreter()!;
  const original = compiled.interpret.bind(compiled);
  const spy = vi.spyOn(compiled, "interpret").mockImplementation((run) => original({ ...run, count: undefined }));
  const found = some.map((c) => differenceBetween(c)).find((one) => one !== undefined);
  spy.mockRestore();
  expect(found).toMatchObject({ oracle: "interpreters-agree", expected: "what ran" });
});

test("so is a run that is left to the other one", () => {
  const spy = vi.spyOn(compiledInterpreter()!, "interpret").mockReturnValue(undefined);
  const found = some.map((c) => differenceBetween(c)).find((one) => one !== undefined);
  spy.mockRestore();
  expect(found).toMatchObject({ oracle: "interpreters-agree", where: "who runs it" });
});

test("so is another number of instructions", () => {
  const spy = vi.spyOn(compiledInterpreter()!, "ran", "get").mockReturnValue(0);
  const found = some.map((c) => differenceBetween(c)).find((one) => one !== undefined);
  spy.mockRestore();
  expect(found).toMatchObject({ oracle: "interpreters-agree", where: "instructions that ran" });
});
