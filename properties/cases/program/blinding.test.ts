// Blinding changes what the image holds and nothing of what it computes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import type { Case } from "../../../subjects/case.js";
import { defaultSubject } from "../../../subjects/index.js";
import { blindCodes } from "../../../subjects/lowering.js";
import { DEFAULT_ENV } from "../../../subjects/subject.js";
import { assertLaw } from "../../../testing/law.js";
import { CaseArbitrary } from "./arbitrary.js";
import { checkCase, makeChecker } from "./check.js";
import type { CaseReport } from "./report.js";

const bench = makeChecker();
const blinded = (value: Case): CaseReport => checkCase({ ...value, env: { ...value.env, blind: true } }, bench);

const caseOf = (text: string): Case => ({
  program: { code: [bpf(text)], maps: [], context: "memory" },
  inputs: [Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), new Uint8Array(8).fill(0xff)],
  env: { cpu: "lse", hole: 0 },
});

test("blinded programs compute what the interpreter says", () => {
  let words = 0;
  let plainWords = 0;
  assertLaw(
    fc.property(new CaseArbitrary({ maxSize: 60 }), (value) => {
      const report = blinded(value);
      expect(report).toMatchObject({ kind: "checked", verdict: { kind: "agree" } });
      const plain = checkCase({ ...value, env: { cpu: value.env.cpu, hole: value.env.hole } }, bench);
      words += report.kind === "checked" ? report.words : 0;
      plainWords += plain.kind === "checked" ? plain.words : 0;
    }),
    { seed: 20_240_124, numRuns: 300 },
  );
  expect(words).toBeGreaterThan(plainWords);
});

describe("jumps backwards over constants", () => {
  test.each([
    ["with a constant", "r0 = 0; r0 += 3; if r0 < 10 goto -2; exit"],
    ["bit test", "r0 = 0; r0 += 3; if r0 & 8 goto +1; goto -3; exit"],
    ["32 bits", "w0 = -5; w0 += 1; if w0 s< 7 goto -2; exit"],
    ["over a wide constant", "r0 = 0; r1 = 0x123456789a ll; r0 += 1; if r0 != 5 goto -4; r0 += r1; exit"],
  ])("%s", (_, text) => {
    expect(blinded(caseOf(text))).toMatchObject({ kind: "checked", verdict: { kind: "agree" } });
  });
});

test("no constant of the program is left in the image", () => {
  const insns: Insn[] = [
    ...bpf("r1 = 0x5a5a1234; r0 = 0x5a5a123400000000 ll; r0 += 0x5a5a1234"),
    insn(rowById("exit")),
  ];
  const codes = blindCodes([[{ insns, index: 0, stackDepth: 0, origin: Int32Array.from(insns.keys()) }]]);
  if (!codes.ok) throw new Error(codes.why);
  const movesOf = (functions: readonly { readonly insns: readonly Insn[] }[]): number => {
    const compiled = defaultSubject.compile(
      functions.map(({ insns: code }) => ({ insns: code, index: 0, stackDepth: 0 })),
      DEFAULT_ENV,
      () => 0x8000_8300_0008,
    );
    if (!compiled.ok) throw new Error(JSON.stringify(compiled.error));
    const { image } = compiled.images[0]!;
    const words = new Uint32Array(image.buffer, image.byteOffset, image.length / 4);
    // Any MOVZ or MOVK of the constant's lower half.
    return words.filter((word) => ((word >>> 5) & 0xffff) === 0x1234 && (word & 0x1f80_0000) === 0x1280_0000).length;
  };
  expect([movesOf([{ insns }]), movesOf(codes.lowered[0]!)]).toEqual([3, 0]);
});
