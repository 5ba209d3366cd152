import { describe, expect, test } from "vitest";
import { compiledInterpreter } from "../compiled/interpret.js";
import { decode, encode } from "./insn.js";
import { interpret } from "./interpret.js";
import type { Program } from "./program.js";
import { LAYOUT } from "./testing.js";
import { parse } from "./text/parse.js";
import { validate } from "./validate/validate.js";

const programOf = (text: string): Program => {
  const parsed = parse(text.replaceAll("; ", "\n"));
  if (!parsed.ok) throw new Error(parsed.error.message);
  return { code: [parsed.value], maps: [], context: "memory" };
};

const INPUT = new Uint8Array(16);
/** What the three interpreters say: the plain one, the one that follows the run, and the compiled one. */
function results(text: string): readonly unknown[] {
  const run = { program: programOf(text), input: INPUT, layout: LAYOUT, fuel: 1000 };
  const validity = validate(run.program, { definedness: "run" });
  if (!validity.ok) throw new Error(validity.problems[0]!.message);
  const outcomes = [
    interpret(run),
    interpret({ ...run, track: validity.facts }),
    compiledInterpreter()!.interpret(run),
  ];
  return outcomes.map((outcome) => (outcome?.kind === "returned" ? Number(outcome.r0) : outcome?.kind));
}
const problem = (text: string): string => {
  const program = programOf(text);
  const validity = validate(program, { definedness: "run" });
  if (!validity.ok) throw new Error(validity.problems[0]!.message);
  const outcome = interpret({ program, input: INPUT, layout: LAYOUT, fuel: 1000, track: validity.facts });
  return outcome.kind === "faulted" ? `${outcome.detail}, at ${outcome.pc}` : outcome.kind;
};

const STORE = "*(u64 *)(r11 - 8)";
const LOAD = "*(u64 *)(r11 + 8)";

describe("arguments beyond five", () => {
  test.each([1, 2, 3, 4, 5, 6, 7])("number %i reaches the callee", (n) => {
    const text = `r6 = 5; *(u64 *)(r11 - ${8 * n}) = r6; call pc+1; exit; r0 = *(u64 *)(r11 + ${8 * n}); exit`;
    expect(results(text)).toEqual([5, 5, 5]);
  });

  test("a constant is extended by its sign", () => {
    expect(results(`${STORE} = -3; call pc+1; exit; r0 = ${LOAD}; r0 s>>= 1; r0 += 7; exit`)).toEqual([5, 5, 5]);
  });

  test("a function keeps what it has loaded, and passes on its own", () => {
    const text = `${STORE} = 3; call pc+1; exit; r6 = ${LOAD}; ${STORE} = r6; call pc+2; r0 += r6; exit; r0 = ${LOAD}; exit`;
    expect(results(text)).toEqual([6, 6, 6]);
  });

  test.each([
    ["reads argument 6, which no caller has stored, at 0", `r0 = ${LOAD}; exit`],
    [
      "reads argument 6, which no caller has stored, at 3",
      `*(u64 *)(r11 - 16) = 1; call pc+1; exit; r0 = ${LOAD}; exit`,
    ],
    [
      "reads argument 6 after an argument of a call was stored, or a call, when it may be gone, at 4",
      `${STORE} = 1; call pc+1; exit; call 5; r0 = ${LOAD}; exit`,
    ],
    [
      "reads argument 6 after an argument of a call was stored, or a call, when it may be gone, at 4",
      `${STORE} = 1; call pc+1; exit; *(u64 *)(r11 - 16) = 1; r0 = ${LOAD}; exit`,
    ],
    ["reads argument 6, which no caller has stored, at 4", `${STORE} = 1; call 5; call pc+1; exit; r0 = ${LOAD}; exit`],
    ["returns r0, which is undefined, at 2", `${STORE} = r3; call pc+1; exit; r0 = ${LOAD}; exit`],
  ])("%s", (sentence, text) => {
    expect(problem(text)).toBe(sentence);
    // What was stored as it is undefined only whoever follows the run sees.
    const [plain, , compiled] = results(text);
    expect(compiled).toEqual(plain);
  });
});

describe("the analysis before a run", () => {
  const sentences = (text: string): readonly string[] => {
    const validity = validate(programOf(text));
    return validity.ok ? [] : validity.problems.map(({ message }) => message);
  };
  const MISSING = "argument 6 is read, but not there on every path to here";

  test("knows what every caller stores", () => {
    expect(sentences(`${STORE} = 1; call pc+1; exit; r0 = ${LOAD}; exit`)).toEqual([]);
    expect(sentences(`call pc+3; ${STORE} = 1; call pc+1; exit; r0 = ${LOAD}; exit`)).toEqual([MISSING]);
  });

  test("knows that they are gone after a call, and on a path that stores one", () => {
    expect(sentences(`${STORE} = 1; call pc+1; exit; call 5; r0 = ${LOAD}; exit`)).toEqual([MISSING]);
    const onePath = `if r1 == 0 goto +1; ${STORE} = 2; r0 = ${LOAD}; exit`;
    expect(sentences(`r1 = 0; ${STORE} = 1; call pc+1; exit; ${onePath}`)).toEqual([MISSING]);
  });
});

test("both spellings are the same bytes, and programs read them back as arguments", () => {
  const [llvm, mnemonic] = [`${STORE} = 1; r0 = ${LOAD}`, "stdw [%r11-8], 1; ldxdw %r0, [%r11+8]"].map(
    (text) => programOf(text).code[0]!,
  );
  expect(mnemonic).toEqual(llvm);
  expect(decode(encode(llvm!))).toEqual({ ok: true, value: llvm });
});
