// Rows that only a verifier makes, against their meaning.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { pointer } from "../../../machine/address.js";
import { Machine } from "../../../machine/machine.js";
import { u64 } from "../../../spec/bits.js";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import { defaultSubject } from "../../../subjects/index.js";
import { randomSource } from "../../../subjects/random/source.js";
import type { Subject } from "../../../subjects/subject.js";
import { assertLaw } from "../../../testing/law.js";
import { verifierOnlyCase } from "./arbitrary.js";
import { ARENA, ARENA_BASE, DATA, PERCPU_EL1, USER_HIGH, type VerifierOnlyCase } from "./case.js";
import { VerifierOnlyChecker } from "./check.js";
import { meaningOf } from "./meaning.js";

const REGISTERS = [7n, pointer(DATA.base), BigInt(ARENA.base - ARENA_BASE), 0n, 4n, 5n].map(u64);
const LSE = { lse: true, vhe: false, bti: false };
const of = (text: string): VerifierOnlyCase => ({
  body: bpf(text, { dialect: "kernel" }),
  registers: REGISTERS,
  env: LSE,
  isBlinded: false,
  isCalled: false,
});

describe("meaning", () => {
  const result = (text: string, register: number): bigint | undefined => meaningOf(of(text))?.registers[register];

  test("a load that faults leaves zero", () => {
    expect(result("r4 = probe *(u8 *)(r3 + 8)", 4)).toBe(0n);
    expect(result("r4 = probe *(u8 *)(r1 + 1)", 4)).toBe(0xa5n);
    expect(result("r4 = arena *(u8 *)(r2 - 1)", 4)).toBe(0n);
  });

  test("a constant, of which alone a case may consist", () => {
    expect(result("r4 = -7", 4)).toBe(BigInt.asUintN(64, -7n));
  });

  test("a null arena pointer stays null in user space", () => {
    expect(result("r4 = addr_space_cast(r3, 1, 0)", 4)).toBe(0n);
    expect(result("r4 = addr_space_cast(r5, 1, 0)", 4)).toBe((BigInt(USER_HIGH) << 32n) | 5n);
  });

  test("a per-CPU address", () => {
    expect(result("r4 = percpu r5", 4)).toBe(PERCPU_EL1 + 5n);
  });
});

test("what is loaded does what it means", () => {
  const checker = new VerifierOnlyChecker(defaultSubject);
  const source = fc.integer({ min: 0, max: 2 ** 31 - 1 });
  assertLaw(
    fc.property(fc.array(source, { minLength: 3, maxLength: 3 }), ([a = 0, b = 0, c = 0]) => {
      const words = [a, b, c];
      const verdict = checker.check(verifierOnlyCase({ nextInt: () => words.pop() ?? 0 }));
      expect(verdict).toEqual({ kind: "agree" });
    }),
    { seed: 7, numRuns: 1500 },
  );
});

test("on larger pages the same cases are compared, with all of the pages that they reach", () => {
  for (const pageBytes of [16384, 65536] as const) {
    const subject: Subject = { ...defaultSubject, machine: (options) => new Machine({ ...options, pageBytes }) };
    const checker = new VerifierOnlyChecker(subject);
    const verdicts = Array.from({ length: 200 }, (_, i) => checker.check(verifierOnlyCase(randomSource(16, i))));
    expect(verdicts.filter(({ kind }) => kind !== "agree")).toEqual([]);
  }
});
