import { expect, test } from "vitest";
import { VERIFIER_ONLY } from "./index.js";

test("a pointer into an arena is made to point to its first byte", () => {
  const read = VERIFIER_ONLY.parse("# r2: 0x1698\n\narena *(u32 *)(r2 + 1) = 7\n");
  if (!read.ok) throw new Error(read.error.message);
  const isMapped = ({ registers }: typeof read.value): boolean => registers[2]! >= 0x1000n;
  const { registers, body } = VERIFIER_ONLY.minimize(read.value, isMapped, 1000);
  expect(registers[2]).toBe(0x1000n);
  expect(body).toMatchObject([{ off: 0, imm: 0 }]);
});
