import { expect, test } from "vitest";
import type { FindingFacts } from "../loop/findings.js";
import { findingReport } from "./counterexample.js";

const facts = (given: Partial<FindingFacts>): FindingFacts => ({
  ...{ name: "no-leak-load", kind: "histories", file: "case.history" },
  cause: { oracle: "no-leak", reason: "objects", what: "load" },
  ...{ where: "step 1", expected: "no breach", got: "2 areas are left" },
  ...{ version: "0.1.0", engine: "wasm", seed: 7, shard: "1/1", index: 12, fixed: true },
  size: { original: 31, shrunk: 1, unit: "action" },
  ...given,
});

test("a history is shown as it is written, without what its file says about it", async () => {
  const text = "title:   no-leak: objects\noracle:  no-leak\nnote:    seed=7\n\nload #0 (r0 = 1 .., 2 insns)\n";
  expect((await findingReport(facts({}), text, "npx rox history case.history")).split("\n")).toEqual([
    "COUNTEREXAMPLE no-leak-load: no-leak objects, shrunk from 31 actions to 1",
    "reason     objects",
    "blamed     load",
    "found      seed 7, case 12 (histories), shard 1/1, engine wasm, version 0.1.0",
    "",
    "  load #0 (r0 = 1 .., 2 insns)",
    "first difference: step 1",
    "  expected  no breach",
    "  got       2 areas are left",
    "npx rox history case.history",
    "",
  ]);
});

const PROGRAM = "# title: mod32 reg: another result\n\nr0 = 7\nr0 += 4097\nexit\n";
const program = {
  ...{ kind: "programs", file: "case.bpf", name: "exec-match-add-imm", where: "r0", fixed: false },
  cause: { oracle: "exec-match", reason: "another result", what: "add imm" },
};

test("a program is shown beside its code", async () => {
  const lines = (await findingReport(facts(program), PROGRAM, "npx rox run case.bpf")).split("\n");
  expect(lines).toContain("           not shrunk to a fixed point");
  expect(lines).toContain("program 0, main: 18 words");
  expect(lines.find((line) => line.includes("r0 += 4097"))).toMatch(
    /^ {3}1: r0 \+= 4097 +ffff[0-9a-f]+ {2}[0-9a-f]{8} {2}mov x10/,
  );
  expect(lines.slice(-5, -1).join("\n")).toBe(
    "first difference: r0\n  expected  no breach\n  got       2 areas are left\nnpx rox run case.bpf",
  );
});

test("a program that ended its worker is not run, and was not shrunk", async () => {
  const cause = { oracle: "worker-hang", reason: "no answer in 30 s", what: "?" };
  const report = await findingReport(facts({ ...program, cause }), PROGRAM, "npx rox run case.bpf");
  expect(report).toMatch(/^COUNTEREXAMPLE exec-match-add-imm: worker-hang objects\nreason {5}no answer in 30 s\n/);
  expect(report).toContain("r0 += 4097");
  // Nor compiled: a JIT that hangs would hang here as well.
  expect(report).not.toContain("mov x10");
});
