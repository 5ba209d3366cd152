// A case fails when its program computes the right thing, but text memory is not what it must be.

import { expect, test } from "vitest";
import { bpf } from "../../../spec/bpf/text/bpf.js";
import type { Case } from "../../../subjects/case.js";
import { DEFAULT_ENV, PROFILES, type QuirkId } from "../../../subjects/subject.js";
import { checkCase, makeChecker } from "./check.js";

const CASE: Case = {
  program: { code: [bpf("call pc+2; r0 += 1; exit; r0 = 41; exit")], maps: [], context: "memory" },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 8 },
};

function verdict(quirk: QuirkId | undefined): string {
  const quirks = { ...PROFILES.fixed, ...(quirk && { [quirk]: true }) };
  const report = checkCase(CASE, makeChecker({ env: { ...DEFAULT_ENV, quirks } }));
  if (report.kind === "invalid") throw new Error(JSON.stringify(report.problems));
  const { verdict: found } = report;
  return found.kind === "disagree" ? `${found.where}: ${found.got}` : found.kind;
}

test("without a defect the case passes", () => {
  expect(verdict(undefined)).toBe("agree");
});

test("staleTail: old code behind the image", () => {
  expect(verdict("staleTail")).toBe(
    "text memory: 0x8000830100e0, slack of a live image, is not the illegal instruction",
  );
});

test("secondFlush: every CPU is interrupted twice for each function", () => {
  expect(verdict("secondFlush")).toMatch(/^text memory: 2 flushes after a poke, expected 1/);
});
