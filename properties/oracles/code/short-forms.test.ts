import { expect, test } from "vitest";
import { decodeBitmask } from "../../../spec/a64/bitmask.js";
import { isBitmask } from "./short-forms.js";

/** All 32-bit numbers that are a pattern when they are sign-extended to the width, from the architecture's own decoding. */
function patterns(width: 32 | 64): ReadonlySet<number> {
  const found = new Set<number>();
  for (let field = 0; field < 8192; field++) {
    const value = decodeBitmask(field >> 12, (field >> 6) & 63, field & 63, width);
    if (value === undefined) continue;
    const imm = BigInt.asIntN(32, value);
    if (BigInt.asUintN(width, imm) === value) found.add(Number(imm));
  }
  return found;
}

test.each([32, 64] as const)("a number of %d bits is a bitmask immediate if one of the encodings says it", (width) => {
  const all = patterns(width);
  expect(all.size).toBe(width === 32 ? 1302 : 992);
  const wrong: number[] = [];
  const ask = (imm: number): void => {
    if (isBitmask(imm, width) !== all.has(imm)) wrong.push(imm);
  };
  for (const imm of all) {
    ask(imm);
    // With each of its bits turned.
    for (let bit = 0; bit < 32; bit++) ask(imm ^ (1 << bit));
  }
  for (let imm = -70_000; imm <= 70_000; imm++) ask(imm);
  for (const imm of [0, -1, 0x7fff_ffff, -0x8000_0000, 0x5555_5555, 0x1234_5678]) ask(imm);
  expect(wrong).toEqual([]);
});
