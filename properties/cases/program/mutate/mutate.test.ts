import fc from "fast-check";
import { expect, test } from "vitest";
import { type Insn, insn } from "../../../../spec/bpf/insn.js";
import { rowById } from "../../../../spec/bpf/isa.js";
import { bpf } from "../../../../spec/bpf/text/bpf.js";
import { validate } from "../../../../spec/bpf/validate/validate.js";
import { Draw } from "../../../../subjects/random/draw.js";
import { assertLaw } from "../../../../testing/law.js";
import { operandsOf } from "../../../coverage/operands.js";
import { CaseArbitrary } from "../arbitrary.js";
import { isSound } from "../soundness.js";
import { aimAt } from "./aim.js";
import { inserted } from "./code.js";
import { mutateCase } from "./mutate.js";

const draw = (seed: number): Draw => new Draw({ nextInt: () => Math.imul(seed + 1, 0x9e37_79b9) });

test("what comes of a change is valid, sound and another case, and most tries come to something", () => {
  let made = 0;
  const cases = new CaseArbitrary({ maxSize: 40 });
  assertLaw(
    fc.property(cases, cases, fc.nat(), (parent, other, seed) => {
      const mutant = mutateCase(parent, other, draw(seed));
      if (mutant === undefined) return;
      made++;
      expect(validate(mutant.program, { strictness: "verifier" }).ok).toBe(true);
      expect(isSound(mutant)).toBe(true);
      expect(mutant).not.toBe(parent);
    }),
    { seed: 20240124, numRuns: 100 },
  );
  expect(made).toBeGreaterThan(60);
});

test("inserted slots keep every jump at its target, on both sides", () => {
  const code = bpf("r0 = 0; if r0 == 1 goto +1; r0 = 2; if r0 == 3 goto -3; exit");
  const nops = bpf("r1 = r1; r1 = r1");
  expect(inserted(code, 2, nops)).toEqual(
    bpf("r0 = 0; if r0 == 1 goto +3; r1 = r1; r1 = r1; r0 = 2; if r0 == 3 goto -5; exit"),
  );
});

test.each([
  ["sub32 imm", "-u12<<12", "r0 = 1; r0 += 7; exit"],
  ["xor reg", "same", "r0 = 1; r1 = 2; r0 += r1; exit"],
  ["jsle imm", "+u16<<16/near", "r0 = 1; if r0 == 5 goto +1; r0 += 1; exit"],
  ["ldxh", "r/+u12~", "r0 = *(u8 *)(r1 + 0); exit"],
])("an aim at %s with %s is met", (row, operands, text) => {
  const met = Array.from({ length: 20 }, (_, seed) => aimAt(bpf(text), draw(seed), { row, operands })).filter(
    (code) => code?.some((slot) => slot.row.id === row && operandsOf(slot) === operands) === true,
  );
  expect(met.length).toBeGreaterThan(0);
});

test("operands of one kind share a word", () => {
  const add = (imm: number): string => operandsOf(insn(rowById("add imm"), { imm }));
  expect([0, 1, -1, 2, 4095, 4096, 4097, 0x10000, -8].map(add)).toEqual(
    "0 1 -1 +u12 +u12 +u12<<12 +u16 +u12<<12 -u12".split(" "),
  );
});

test("a fetch gets its base and its data in one register, valid with what follows", () => {
  const cases = fc.sample(new CaseArbitrary(), { seed: 4, numRuns: 150 });
  const goal = { row: "lock fetch add", operands: "same/0" };
  const found = cases.flatMap(({ program }, seed) => {
    const aimed = aimAt(program.code[0]!, draw(seed), goal);
    const changed = aimed && { ...program, code: program.code.with(0, aimed) };
    return changed !== undefined && validate(changed, { strictness: "verifier" }).ok ? [aimed!] : [];
  });
  expect(found.length).toBeGreaterThan(2);
  const isWanted = (slot: Insn): boolean => slot.row.id === goal.row && slot.dst === slot.src && slot.off === 0;
  for (const code of found) expect(code.some(isWanted)).toBe(true);
});
