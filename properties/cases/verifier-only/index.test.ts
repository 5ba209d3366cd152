import { expect, test } from "vitest";
import { defaultSubject } from "../../../subjects/index.js";
import { DEFAULT_ENV, type Subject } from "../../../subjects/subject.js";
import { VERIFIER_ONLY } from "./index.js";

test("a pointer into an arena is made to point to its first byte", () => {
  const read = VERIFIER_ONLY.parse("# r2: 0x1698\n\narena *(u32 *)(r2 + 1) = 7\n");
  if (!read.ok) throw new Error(read.error.message);
  const isMapped = ({ registers }: typeof read.value): boolean => registers[2]! >= 0x1000n;
  const { registers, body } = VERIFIER_ONLY.minimize(read.value, isMapped, 1000);
  expect(registers[2]).toBe(0x1000n);
  expect(body).toMatchObject([{ off: 0, imm: 0 }]);
});

test("no helper is called in a kernel that inlines none", () => {
  const read = VERIFIER_ONLY.parse("call 8\nr0 = 7\n");
  if (!read.ok) throw new Error(read.error.message);
  const { callBase, dummyTramp, offsets, changes } = DEFAULT_ENV;
  const built = { ...defaultSubject, build: { callBase, dummyTramp, offsets, changes } };
  const printed = (subject: Subject): string =>
    VERIFIER_ONLY.print(VERIFIER_ONLY.checker(subject, []).adapt!(read.value));
  expect(printed(built)).toContain("call 8");
  expect(printed({ ...built, lacksInlining: true })).not.toContain("call 8");
});
