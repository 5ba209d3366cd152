import path from "node:path";
import { expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import type { Check } from "../../properties/cases/check-or-crash.js";
import { printInsn } from "../../spec/bpf/text/print.js";
import type { Case } from "../../subjects/case.js";
import { makeFiles } from "../../testing/files.js";
import { loadCaseText } from "../case-file.js";
import { foundProgram } from "../counterexample.js";
import { formatCounterexample } from "../format/counterexample.js";
import { keepFinding } from "./finding.js";
import { gateParts } from "./parts.js";

const uses = (c: Case, op: string): boolean =>
  c.program.code.some((code) => code.some(({ row }) => row.kind === "alu" && row.op === op));

test("a finding among real programs is shrunk to a line or two and can be read back", async () => {
  const parts = gateParts(1, [referenceEngine]);
  // A JIT that gets every multiplication wrong.
  const check: Check = (c, count) => {
    const report = parts.trials.check(c, count);
    if (report.kind === "invalid" || !uses(c, "mul")) return report;
    return {
      ...report,
      verdict: {
        kind: "disagree" as const,
        oracle: "exec-match",
        reason: "another result",
        where: "r0",
        expected: "0x1",
        got: "0x2",
      },
    };
  };
  const trials = { ...parts.trials, check };
  const index = Array.from({ length: 200 }, (_, i) => i).find((i) => uses(trials.caseAt(5, i), "mul")) ?? -1;
  expect(index).toBeGreaterThanOrEqual(0);
  const directory = makeFiles({});
  const kept = keepFinding(5, { index, where: "r0", expected: "0x1", got: "0x2" }, directory, { ...parts, trials });
  if (!kept.ok) throw new Error(kept.error.got);
  const { file, after } = kept.value;
  expect(file).toBe(path.join(directory, `gate-5-${index}.bpf`));
  expect(after).toBeLessThanOrEqual(4);

  const read = loadCaseText(file);
  if (!read.ok) throw new Error(read.error.got);
  expect(read.value.program).toEqual(kept.value.case.program);
  expect(uses(read.value, "mul")).toBe(true);

  const lines = await formatCounterexample(foundProgram(kept.value), 100);
  const multiplication = read.value.program.code[0]?.findIndex(({ row }) => row.kind === "alu" && row.op === "mul");
  expect(lines.join("\n")).toContain(printInsn(read.value.program.code[0] ?? [], multiplication ?? 0));
  expect(lines).toContain("first difference: r0");
  expect(lines[0]).toMatch(/^COUNTEREXAMPLE gate-5-\d+: exec-match objects, shrunk from \d+ slots to [1-4]$/);
  expect(lines.slice(lines.indexOf("first difference: r0") + 1)).toEqual([
    ...["  expected  0x1", "  got       0x2"],
    ...[`written to ${file}`, `npx rox run ${file}`],
  ]);
});
