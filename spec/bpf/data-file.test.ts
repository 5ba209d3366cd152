import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, test } from "vitest";
import { assertLaw } from "../../testing/law.js";
import { available } from "../../testing/required.js";
import { readDataFile } from "./data-file.js";
import { bpf } from "./text/bpf.js";

/** A file from its lines. */
const file = (...lines: string[]): string => lines.map((line) => `${line}\n`).join("");
const read = (...lines: string[]): ReturnType<typeof readDataFile> => readDataFile(file(...lines));
const refusal = (text: string): string => {
  const result = readDataFile(text);
  return result.ok ? "accepted" : result.error.message;
};

test("a program, its memory and its result", () => {
  const lines = [
    "# Copyright",
    "-- asm",
    "ldxb %r0, [%r1+2] # third",
    "exit",
    "-- mem",
    "aa bb 11",
    "cc",
    "-- result",
    "0x11",
  ];
  expect(read(...lines)).toEqual({
    ok: true,
    value: {
      program: bpf("r0 = *(u8 *)(r1 + 2); exit"),
      memory: Uint8Array.of(0xaa, 0xbb, 0x11, 0xcc),
      expect: { r0: 0x11n },
      noRegisterOffset: undefined,
    },
  });
});

test("C source is skipped, options are kept", () => {
  const read1 = read(
    "-- c",
    "int x; // -1",
    "-- asm",
    "exit",
    "-- result",
    "0",
    "-- no register offset",
    "call instruction",
  );
  expect(read1).toMatchObject({
    value: { expect: { r0: 0n }, noRegisterOffset: "call instruction", memory: { length: 0 } },
  });
});

test("raw words are little-endian and must agree with the assembly", () => {
  const asm = ["-- asm", "lddw %r0, 0x1122334455667788", "exit", "-- raw", "0x5566778800000018", "0x1122334400000000"];
  const result = ["-- result", "0x1122334455667788"];
  expect(read(...asm, "0x0000000000000095", ...result)).toMatchObject({ ok: true, value: { program: { length: 3 } } });
  expect(refusal(file(...asm, "0x0000000000000096", ...result))).toMatch(/^line 4: slot 2 of -- raw: /);
  expect(refusal(file(...asm, "0x00000000000000b7", ...result))).toBe("line 4: -- asm and -- raw differ in slot 2");
});

test("raw bytes", () => {
  expect(read("-- raw", "b7 00 00 00 01 00 00 00", "95 00 00 00 00 00 00 00", "-- error")).toMatchObject({
    value: { program: bpf("r0 = 1; exit"), expect: { error: "" } },
  });
});

test.each([
  ["no program", "", "line 1: no program, expected -- asm or -- raw"],
  [
    "an unknown section",
    file("-- asm", "-- Unknown directive", "-- error"),
    'line 2: unknown section "Unknown directive", expected asm, raw, mem, result, error, c, no register offset',
  ],
  [
    "a wrong register",
    file("# head", "-- asm", "or %r0, %r50", "-- error", "x"),
    'line 3: expected a register r0..r10, got "%r50"',
  ],
  ["an unknown label", file("-- asm", "ja NOT_A_LABEL"), 'line 2: label "NOT_A_LABEL" is not defined'],
  [
    "a reserved field",
    file("-- raw", "07 00 01 00 01 00 00 00", "95 00 00 00 00 00 00 00", "-- error"),
    "line 1: slot 0 of -- raw: add imm: reserved field off is 1, expected 0",
  ],
  ["no expectation", file("-- asm", "exit"), "line 1: nothing to expect, expected -- result or -- error"],
  ["two expectations", file("-- asm", "exit", "-- result", "0", "-- error"), "line 5: both -- result and -- error"],
  ["a section twice", file("-- asm", "exit", "-- asm"), 'line 3: section "asm" comes twice'],
  [
    "a bad byte",
    file("-- asm", "exit", "-- mem", "aa", "b", "-- result", "0"),
    'line 5: expected a byte as two hex digits or a 64-bit word as 0x..., got "b"',
  ],
  [
    "a bad result",
    file("-- asm", "exit", "-- result", "-1"),
    'line 4: expected r0 as an unsigned 64-bit number, got "-1"',
  ],
  ["text before the first section", "exit\n-- asm\n", 'line 1: expected a section, as -- asm, got "exit"'],
])("%s is refused", (_, text, message) => {
  expect(refusal(text)).toBe(message);
});

test("any text is either a file or refused in one line that names a line of it", () => {
  const piece = fc.constantFrom(
    ..."-- asm|-- raw|-- mem|-- result|-- error|-- c|-- other|exit|mov %r0, 1|0x1|aa bb|95 00 00 00 00 00 00 00||#".split(
      "|",
    ),
  );
  assertLaw(
    fc.property(fc.array(piece), fc.string(), (parts, end) => {
      const text = [...parts, end].join("\n");
      const result = readDataFile(text);
      if (result.ok) expect(result.value.program.length).toBeGreaterThan(0);
      else {
        expect(result.error.message).toMatch(/^line \d+: [^\n]+$/);
        expect(result.error.line).toBeLessThanOrEqual(text.split("\n").length);
      }
    }),
    { seed: 6, numRuns: 1000 },
  );
});

const FOLDER = process.env.ROX_CONFORMANCE;
const hasSuite = (): boolean =>
  available("conformance", () =>
    FOLDER === undefined ? "ROX_CONFORMANCE is not set to the folder that has tests/ and negative/" : undefined,
  );
const files = (folder: string): readonly (readonly [string, string])[] =>
  readdirSync(join(FOLDER ?? "", folder))
    .filter((name) => name.endsWith(".data"))
    .map((name) => [name, readFileSync(join(FOLDER ?? "", folder, name), "utf8")]);

test("every file of the suite can be run", () => {
  if (!hasSuite()) return;
  const all = files("tests");
  expect(all.length).toBeGreaterThan(0);
  expect(all.flatMap(([name, text]) => (readDataFile(text).ok ? [] : [`${name}: ${refusal(text)}`]))).toEqual([]);
});

/** Well-formed programs: one reads r0 before it is written, which no assembler sees, the other returns something else than it says. */
const REFUSED_BY_THE_RUN_ONLY = ["error.data", "incorrect_return_value_high_bits.data"];

test("every negative file of the suite is refused, but for those that only a run can refuse", () => {
  if (!hasSuite()) return;
  const all = files("negative");
  expect(all.length).toBeGreaterThan(0);
  expect(all.filter(([, text]) => readDataFile(text).ok).map(([name]) => name)).toEqual(REFUSED_BY_THE_RUN_ONLY);
  for (const [, text] of all.filter(([name]) => !REFUSED_BY_THE_RUN_ONLY.includes(name))) {
    expect(refusal(text)).toMatch(/^line \d+: .+$/);
  }
});
