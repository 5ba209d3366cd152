// What the library refuses, what it does not let pass, and that its matcher can fail.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { imageSubject } from "../testing/adapter.js";
import { linuxKernels } from "../testing/linux-kernels.js";
import {
  check,
  engine,
  engines,
  history,
  instructionsOf,
  type Oracle,
  parseHistory,
  parseProgram,
  print,
  program,
  programOf,
  reference,
  subject,
} from "./index.js";
import "./vitest.js";

const SEVEN = "r0 = 7\nexit\n";
const [MOV_X0_1, RET] = [0xd2800020, 0xd65f03c0];
/** A JIT whose every program returns 1. */
const one = () => subject(imageSubject({ words: [MOV_X0_1, RET] }).name);

describe("toMatchReference", () => {
  test("fails for a JIT that is wrong, and says how", () => {
    const wrong = (): void => expect(parseProgram(SEVEN)).toMatchReference({ subject: one() });
    expect(wrong).toThrow(/exec-match objects.*: r0\n {2}expected {2}0x0*7\n {2}got {7}0x0*1\n/);
    expect(wrong).toThrow(/r0 = 7\n\s*exit\n\nsave this as FILE\.bpf and look at it with: rox run FILE\.bpf/);
    expect(parseProgram("r0 = 1\nexit\n")).toMatchReference({ subject: one() });
  });

  test("fails where nothing was compared", () => {
    const never = parseProgram("L0:\ngoto L0\n");
    expect(() => expect(never).toMatchReference()).toThrow(/not compared: the interpreter ran out of fuel/);
    expect(() => expect(parseHistory("load #0 (r0 = 1 .., 2 insns)\n")).toMatchReference({ subject: one() })).toThrow(
      /not compared: histories are not tried: /,
    );
  });

  test("fails where an oracle of one's own objects, in programs and in histories", () => {
    const no: Oracle = { name: "never", statement: "", source: "", check: () => ["never"] };
    const oracles = [no];
    expect(() => expect(parseProgram(SEVEN)).toMatchReference({ oracles })).toThrow(/^never objects/);
    const loads = parseHistory("load #0 (r0 = 1 .., 2 insns)\n");
    expect(() => expect(loads).toMatchReference({ oracles })).toThrow(/^never objects \(load\): step 0/);
  });
});

test("what fast-check prints of a value that fails is a file", () => {
  const law = fc.property(program(), (drawn) => check(drawn, { subject: one() }).verdict.kind !== "disagree");
  const said = fc.defaultReportMessage(fc.check(law, { seed: 1 })) ?? "";
  const [, text = ""] = /Counterexample: \[\n([\s\S]*?)\]\nShrunk/.exec(said) ?? [];
  const again = parseProgram(text);
  expect(check(again, { subject: one() }).verdict.kind).toBe("disagree");
  expect(again.program.code[0]?.length).toBeLessThanOrEqual(3);
});

test("programs that are drawn for a subject lie inside what it takes", () => {
  const narrow = subject(imageSubject({ words: [RET] }, { isa: { cpu: "v3" } }).name);
  const rows = fc
    .sample(program({ subject: narrow }), { numRuns: 200, seed: 1 })
    .flatMap(({ program: { code } }) => code.flat().map(({ row }) => row.id));
  expect(rows).not.toContain("sdiv imm");
  expect(rows).toContain("div imm");
});

test("text, bytes and values go around", () => {
  const drawn = fc.sample(program({ features: { maps: false, tailCalls: false, packet: false } }), {
    numRuns: 20,
    seed: 1,
  });
  for (const c of drawn) {
    expect(print(parseProgram(print(c)))).toBe(print(c));
    expect(instructionsOf(programOf(instructionsOf(c), c.inputs))).toEqual(instructionsOf(c));
  }
  for (const h of fc.sample(history(), { numRuns: 5, seed: 1 })) expect(print(parseHistory(print(h)))).toBe(print(h));
  expect(reference(parseProgram(SEVEN))).toMatchObject([{ kind: "returned", r0: 7n }]);
});

test.each([
  { name: "a line", act: () => parseProgram("r0 = \n"), says: /^text: expected a program to run, got line 1/ },
  {
    name: "a program",
    act: () => parseProgram("r0 = 1\ngoto +5\nexit\n"),
    says: /^text: expected a program that a verifier accepts, got /,
  },
  { name: "bytes", act: () => programOf(new Uint8Array(7)), says: /^text: expected raw BPF instructions, got slot 0/ },
  { name: "a subject", act: () => subject("nothing"), says: /^--subject: expected one of impl, linux:IMAGE/ },
  { name: "an engine", act: () => engine("all"), says: /^--engine : expected an engine that can run here/ },
  { name: "a value", act: () => check({} as never), says: /^check: expected a program or a history, got object; / },
  {
    name: "a subject of one's own making",
    act: () => check(parseProgram(SEVEN), { subject: { name: "impl", isKernel: true, notes: [] } }),
    says: /^subject: expected what subject\(NAME\) returned/,
  },
])("$name that is none is refused in one line", ({ act, says }) => expect(act).toThrow(says));

test("subjects and engines say what they are", () => {
  expect(subject()).toBe(subject("impl"));
  expect(subject()).toMatchObject({ name: "impl", isKernel: true });
  expect(one().notes.length).toBeGreaterThan(0);
  expect(engines().map(({ name }) => name)).toEqual(expect.arrayContaining(["wasm", "reference"]));
});

const [KERNEL] = linuxKernels().filter((file) => file.includes("6.12.117"));

test.runIf(KERNEL !== undefined)("the notes of a kernel image name the defects that are known of it", () => {
  const { notes } = subject(`linux:${KERNEL}`);
  expect(notes.filter((line) => line.startsWith("the known defect pltPageWritable, which linux:"))).toHaveLength(1);
});
