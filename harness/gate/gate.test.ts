import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { CaseReport } from "../../properties/cases/program/check.js";
import { AGREE, type Verdict } from "../../properties/verdict.js";
import { insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Case } from "../../subjects/case.js";
import { loaded, refuse } from "../bad-input.js";
import { formatGate } from "../format/gate.js";
import { exitCode } from "../report.js";
import type { Trials } from "./chunk.js";
import { type GateOptions, type GateParts, gate } from "./gate.js";
import { inlinePool } from "./pool.js";

const MOV = rowById("mov imm");
const EXIT = insn(rowById("exit"));
/** A program of `slots` slots that returns `imm`. */
const program = (slots: number, imm: number): Case => ({
  program: {
    code: [[...Array.from({ length: slots - 1 }, () => insn(MOV, { imm })), EXIT]],
    maps: [],
    context: "memory",
  },
  inputs: [new Uint8Array(8)],
  env: { cpu: "lse", hole: 0 },
});
const immOf = (c: Case): number => c.program.code[0]?.[0]?.imm ?? 0;

const reportOf = (c: Case, verdict: Verdict): CaseReport => ({
  kind: "checked",
  verdict,
  runs: [],
  slots: c.program.code[0]?.length ?? 0,
  words: 10,
  executed: 5,
});
/** Program i returns seed + i; whatever `judge` says about that number is the verdict. */
const trials = (judge: (imm: number) => Verdict): Trials => ({
  caseAt: (seed, index) => program(2 + (index % 40), seed + index),
  check: (c, watch) => {
    c.program.code[0]?.forEach(({ row }) => {
      watch?.count?.(row);
    });
    return reportOf(c, judge(immOf(c)));
  },
});
const WRONG: Verdict = {
  kind: "disagree" as const,
  oracle: "exec-match",
  reason: "another result",
  where: "r0",
  expected: "0x1",
  got: "0x2",
};

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-gate-"));
function setUp(judge: (imm: number) => Verdict, given: Partial<GateOptions> = {}) {
  const directory = scratch();
  const t = trials(judge);
  const parts: GateParts = {
    trials: t,
    pool: inlinePool(t),
    minimize: (c, fails) => (fails(program(2, immOf(c))) ? program(2, immOf(c)) : c),
    print: (c, { title, notes }) => `${[title, ...notes].join("\n")}\nr0 = ${immOf(c)}\nexit\n`,
    load: (file) => {
      const imm = Number(readFileSync(file, "utf8"));
      return Number.isNaN(imm)
        ? refuse({ subject: file, expected: "a number", got: "text", next: "correct it" })
        : loaded({ ...program(2, imm), expect: imm === 9 ? [8n] : [] });
    },
  };
  const options: GateOptions = {
    seed: 1000,
    from: 0,
    programs: 250,
    budgetMs: Number.POSITIVE_INFINITY,
    chunk: 100,
    stop: new AbortController().signal,
    corpus: directory,
    findings: path.join(directory, "findings"),
    ...given,
  };
  return { directory, parts, options };
}

describe("gate", () => {
  test("checks exactly the programs asked for and sums them up", async () => {
    const { parts, options } = setUp(() => AGREE);
    const { report, finding } = await gate(options, parts);
    expect(finding).toBeUndefined();
    expect(report).toMatchObject({ ok: true, total: 250, passed: 250, failed: 0, incomparable: 0, seed: 1000 });
    expect(report).toMatchObject({ programs: 250, words: 2500, coverage: { reached: 2 } });
    expect(report.sizes.reduce((sum, { programs }) => sum + programs, 0)).toBe(250);
    expect(exitCode(report)).toBe(0);
  });

  test("a planted wrong answer is found, shrunk, written and fails", async () => {
    const { parts, options } = setUp((imm) => (imm === 1142 ? WRONG : AGREE));
    const { report, finding } = await gate(options, parts);
    expect(exitCode(report)).toBe(1);
    expect(finding).toMatchObject({ before: 24, after: 2 });
    expect(report.failures).toHaveLength(1);
    expect(report.failures[0]).toMatchObject({ where: "r0", expected: "0x1", got: "0x2" });
    const file = path.join(options.findings, "gate-1000-142.bpf");
    expect(readFileSync(file, "utf8")).toBe(
      "r0 differs from the interpreter's\ngate seed=1000 index=142\nr0: expected 0x1, got 0x2\nr0 = 1142\nexit\n",
    );
    expect(report.failures[0]?.replay).toMatch(/^npx rox run .*gate-1000-142\.bpf$/);
  });

  test("the disagreement with the lowest index is reported, however the chunks are cut", async () => {
    for (const chunk of [1, 7, 100, 1000]) {
      const { parts, options } = setUp((imm) => (imm >= 1033 ? WRONG : AGREE), { chunk });
      const { finding } = await gate(options, parts);
      expect(finding?.file).toMatch(/gate-1000-33\.bpf$/);
    }
  });

  test("an exception out of a witness is a counterexample", async () => {
    const { parts, options } = setUp((imm) => {
      if (imm === 1003) throw new Error("no encoding for 3");
      return AGREE;
    });
    const { report } = await gate(options, parts);
    expect(report.failures[0]).toMatchObject({ where: "an exception", got: "no encoding for 3" });
    expect(exitCode(report)).toBe(1);
  });

  test("more than one per cent incomparable fails, one per cent does not", async () => {
    const unclear: Verdict = { kind: "incomparable", why: "fuel" };
    const few = setUp((imm) => (imm < 1002 ? unclear : AGREE));
    const some = await gate(few.options, few.parts);
    expect(some.report).toMatchObject({
      ok: true,
      incomparable: 2,
      incomparableWhy: { fuel: { programs: 2, first: 0 } },
    });
    const many = setUp((imm) => (imm < 1003 ? unclear : AGREE));
    const { report } = await gate(many.options, many.parts);
    expect(report).toMatchObject({ ok: false, incomparable: 3, failed: 0 });
    expect(exitCode(report)).toBe(1);
    expect(formatGate(report, 80).at(-1)).toMatch(/^FAILED .*1\.2 % incomparable, at most 1 % may be$/);
  });

  test("a corpus file that fails ends the run before anything is generated", async () => {
    const { directory, parts, options } = setUp((imm) => (imm === 7 ? WRONG : AGREE));
    writeFileSync(path.join(directory, "a.bpf"), "5");
    writeFileSync(path.join(directory, "b.bpf"), "7");
    const { report } = await gate(options, parts);
    expect(report).toMatchObject({ programs: 0, passed: 1, failed: 1 });
    expect(report.failures[0]?.name).toBe(path.join(directory, "b.bpf"));
    expect(existsSync(options.findings)).toBe(false);
  });

  test("a corpus file that does not parse is named, the others are replayed, and the run fails", async () => {
    const { directory, parts, options } = setUp(() => AGREE);
    writeFileSync(path.join(directory, "a.bpf"), "what");
    writeFileSync(path.join(directory, "b.bpf"), "7");
    const { report } = await gate(options, parts);
    expect(report).toMatchObject({ ok: false, passed: 251, corpus: { files: 2, passed: 1 } });
    expect(report.unreadable).toHaveLength(1);
    expect(exitCode(report)).toBe(2);
  });

  test("an interrupt stops between chunks and keeps the counts so far", async () => {
    const stop = new AbortController();
    const { parts, options } = setUp(() => AGREE, { stop: stop.signal, progress: () => stop.abort() });
    const { report } = await gate(options, parts);
    expect(report).toMatchObject({ interrupted: true, passed: 100, ok: false });
    expect(exitCode(report)).toBe(130);
    expect(formatGate(report, 80).at(-1)).toMatch(/^INTERRUPTED .*100 compared so far$/);
  });

  test("no budget still checks one chunk", async () => {
    const { parts, options } = setUp(() => AGREE, { budgetMs: 0 });
    expect((await gate(options, parts)).report.passed).toBe(100);
  });

  test("the summary fits 80 columns", async () => {
    const { parts, options } = setUp(() => AGREE);
    const { report } = await gate(options, parts);
    for (const line of formatGate(report, 80)) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
