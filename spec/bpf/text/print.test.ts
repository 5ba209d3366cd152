import fc from "fast-check";
import { expect, test } from "vitest";
import { assertLaw } from "../../../testing/law.js";
import { encode, type Insn, insn } from "../insn.js";
import { ROWS, type Row, rowById } from "../isa.js";
import { bpf } from "./bpf.js";
import { parse } from "./parse.js";
import { print, printInsn } from "./print.js";

const SEED = 20240124;
const SYNTAX_NAMES = ["llvm", "mnemonic"] as const;

/** Random operands in the fields that the row has. Jumps are arbitrary distances; `program` makes some of them land. */
function slots(row: Row): fc.Arbitrary<readonly Insn[]> {
  const register = fc.integer({ min: 0, max: row.group === "kernel" ? 11 : 10 });
  const number = fc.oneof(fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }), fc.constantFrom(0, 1, -1));
  return fc
    .record({
      dst: row.dst === "none" ? fc.constant(0) : register,
      src: row.src === "none" ? fc.constant(0) : register,
      off: row.off === "none" ? fc.constant(0) : fc.integer({ min: -0x8000, max: 0x7fff }),
      imm: row.imm === "none" ? fc.constant(0) : number,
      high: number,
    })
    .map(({ high, ...fields }) => [
      insn(row, fields),
      ...(row.kind === "lddw" ? [insn(rowById("lddw high"), { imm: high })] : []),
    ]);
}

/** Several rows in a row, with the branches bent so that most of them stay inside. */
const program = fc
  .array(fc.constantFrom(...ROWS.filter(({ kind }) => kind !== "lddwHigh" && kind !== "stackArgument")).chain(slots))
  .map((parts) => {
    const all = parts.flat();
    return all.map((slot, pc): Insn => {
      const bend = (distance: number): number => (Math.abs(distance) % (all.length + 2)) - 1 - pc;
      if (slot.row.off === "branch") return { ...slot, off: bend(slot.off) };
      return slot.row.imm === "branch" || slot.row.imm === "func" ? { ...slot, imm: bend(slot.imm) } : slot;
    });
  });

test.each(ROWS.filter(({ kind }) => kind !== "lddwHigh"))("$id parses back from both syntaxes", (row) => {
  for (const syntax of SYNTAX_NAMES) {
    assertLaw(
      fc.property(slots(row), (value) => {
        const text = print(value, { syntax });
        const kernel = parse(text, { syntax, dialect: "kernel" });
        // There R11 is a register.
        if (row.kind === "stackArgument") expect(kernel.ok && encode(kernel.value), text).toEqual(encode(value));
        else expect(kernel, text).toEqual({ ok: true, value });
        if (row.group !== "kernel") expect(parse(text)).toEqual({ ok: true, value });
      }),
      { seed: SEED, numRuns: 25 },
    );
  }
});

test.each(SYNTAX_NAMES)("programs parse back with and without labels: %s", (syntax) => {
  assertLaw(
    fc.property(program, fc.boolean(), (value, labels) => {
      const text = print(value, { syntax, labels });
      expect(parse(text, { syntax, dialect: "kernel" }), text).toEqual({ ok: true, value });
    }),
    { seed: SEED, numRuns: 200 },
  );
});

test("reserved fields that are not zero survive in the kernel dialect", () => {
  const value = [
    insn(rowById("call local"), { imm: 2, off: 5 }),
    insn(rowById("add imm"), { dst: 11, imm: 1, src: 3 }),
  ];
  const text = print(value);
  expect(text).toBe("call pc+2 {off=5}\nr11 += 1 {src=3}\n");
  expect(parse(text, { dialect: "kernel" })).toEqual({ ok: true, value });
});

const LOOP = bpf("r1 = 0x123456789 ll; top: r0 += 1; if w0 s< 9 goto top; call f; exit; f: goto +7; exit");

test("distances by default", () => {
  expect(print(LOOP)).toBe(
    ["r1 = 0x123456789 ll", "r0 += 1", "if w0 s< 9 goto -2", "call pc+1", "exit", "goto +7", "exit", ""].join("\n"),
  );
});

test("labels on demand, where the target is in the program", () => {
  expect(print(LOOP, { labels: true })).toBe(
    [
      "  r1 = 0x123456789 ll",
      "L2:",
      "  r0 += 1",
      "  if w0 s< 9 goto L2",
      "  call L6",
      "  exit",
      "L6:",
      "  goto +7",
      "  exit",
      "",
    ].join("\n"),
  );
});

test("the other syntax", () => {
  expect(print(LOOP, { syntax: "mnemonic" })).toBe(
    ["lddw %r1, 0x123456789", "add %r0, 1", "jslt32 %r0, 9, -2", "call local +1", "exit", "ja +7", "exit", ""].join(
      "\n",
    ),
  );
});

test("one instruction", () => {
  expect(printInsn(LOOP, 3)).toBe("if w0 s< 9 goto -2");
  expect(printInsn(LOOP, 1)).toBe("(lddw high 1)");
  expect(() => printInsn(LOOP, 99)).toThrow("no instruction at 99");
});
