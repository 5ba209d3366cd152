import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { referenceEngine } from "../../engines/reference/engine.js";
import type { AnyKind } from "../../properties/cases/kind.js";
import { AGREE, type Verdict } from "../../properties/verdict.js";
import { defaultSubject } from "../../subjects/index.js";
import type { QuirkId } from "../../subjects/subject.js";
import { toyKind, WRONG } from "../../testing/toy-kind.js";
import { formatGate } from "../format/gate.js";
import { makeSubjectCheckers } from "../loop/case-checker.js";
import { inlinePool, type Pool } from "../loop/pool.js";
import { version } from "../project.js";
import { exitCode } from "../report.js";
import { type GateOptions, gate } from "./gate.js";
import type { KindPlan } from "./tally.js";

const RETURNS_7 = "r0 = 7\nexit\n";
const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-gate-"));

/** Case i is the number 1000 + i; whatever `judge` says about it is the verdict. The kind stands for programs. */
function setUp(judge: (number: number) => Verdict, given: Partial<GateOptions & KindPlan> & { chunk?: number } = {}) {
  const directory = scratch();
  const { chunk = 100, cases = 250, budgetMs = Number.POSITIVE_INFINITY, ...options } = given;
  const kind = toyKind(judge, { name: "programs", chunk });
  return {
    directory,
    kind,
    options: {
      seed: 1000,
      kinds: [{ kind: kind.name, from: 0, cases, budgetMs }],
      ...{
        directed: [],
        encoders: false,
        exhaustive: undefined as "classes" | undefined,
        pointsEvery: 0,
        strict: false,
        keepGoing: true as boolean,
      },
      stop: new AbortController().signal,
      corpus: directory,
      findings: path.join(directory, "findings"),
      ...options,
    } satisfies GateOptions,
  };
}
async function run({ kind, options }: { readonly kind: AnyKind; readonly options: GateOptions }) {
  const setting = { kinds: [kind], engines: [referenceEngine] };
  return gate(options, setting, inlinePool(makeSubjectCheckers(setting)));
}

describe("gate", () => {
  test("stops at the first part that fails, tells its shortest counterexample at once, and says what was not run", async () => {
    const order: string[] = [];
    const wrongCase = { name: "wrong", check: () => "it is wrong" };
    const set = setUp(() => AGREE, {
      ...{ directed: [wrongCase], exhaustive: "classes" as const, keepGoing: false },
      onFailed: async (part, { title, got }, failures) => void order.push(`${part} ${title} ${got} ${failures}`),
    });
    const { report } = await run(set);
    expect(order).toEqual(["directed directed case: wrong it is wrong 1"]);
    expect(report).toMatchObject({ programs: 0, failed: 1, notRun: ["programs", "exhaustive"] });
    expect(exitCode(report)).toBe(1);
    const all = await run({ ...set, options: { ...set.options, exhaustive: undefined, keepGoing: true } });
    expect(all.report).toMatchObject({ programs: 250, notRun: [] });
  });

  test.each([
    [1, "the work of its own thread", ["directed", "checked", "exhaustive"]],
    [
      2,
      "workers, whose exhaustive parts begin while this thread has directed cases",
      ["exhaustive", "directed", "checked"],
    ],
  ])("with %s job, in the order of %s", async (jobs, _, expected) => {
    const order = new Set<string>();
    const directed = [{ name: "right", check: () => void order.add("directed") }];
    const { kind, options } = setUp(() => AGREE, { directed, exhaustive: "classes" });
    const setting = { kinds: [kind], engines: [referenceEngine] };
    const inline = inlinePool(makeSubjectCheckers(setting));
    const pool: Pool = {
      ...inline,
      jobs,
      chunk: (task) => {
        order.add("checked");
        return inline.chunk(task);
      },
      exhaustive: async (task) => {
        order.add("exhaustive");
        // What is begun ahead is through before fresh cases are checked.
        if (order.has("checked") && jobs > 1) expect(task.kind).toBe("allocFree");
        return { tried: 1, failures: [] };
      },
    };
    const { report } = await gate(options, setting, pool);
    expect([...order]).toEqual(expected);
    expect(report.exhaustive).toMatchObject({ failurePoints: 16, twoCpus: 16, pokes: 16 });
    expect(report.exhaustive!.allocFree).toBeGreaterThan(0);
  });

  test("what was begun ahead is dropped when something before it fails, and told as not run", async () => {
    const directed = [{ name: "wrong", check: () => "it is wrong" }];
    const { kind, options } = setUp(() => AGREE, { directed, exhaustive: "classes", keepGoing: false });
    const setting = { kinds: [kind], engines: [referenceEngine] };
    let tried = 0;
    const slow: Pool["exhaustive"] = async () => {
      tried++;
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { tried: 1, failures: ["something else"] };
    };
    const pool = { ...inlinePool(makeSubjectCheckers(setting)), jobs: 2, exhaustive: slow };
    const { report } = await gate(options, setting, pool);
    expect(tried).toBeLessThan(8);
    expect(report).toMatchObject({ failed: 1, notRun: ["programs", "exhaustive"] });
    expect(report.exhaustive).toBeUndefined();
  });

  test("a known defect of the subject is a failure if asked, with the command that shows it, and hides nothing else", async () => {
    const { kind, options } = setUp(() => AGREE);
    const subject = { ...defaultSubject, known: new Set<QuirkId>(["secondFlush", "staleTail"]) };
    const setting = { kinds: [kind], engines: [referenceEngine], subject };
    const strictly = async (strict: boolean) =>
      (await gate({ ...options, strict }, setting, inlinePool(makeSubjectCheckers(setting)))).report;
    expect(await strictly(false)).toMatchObject({ ok: true, passed: 250, failures: [] });
    const report = await strictly(true);
    expect(report).toMatchObject({ ok: false, passed: 250, failed: 2 });
    expect(report.failures.map(({ name }) => name)).toEqual(["known defect staleTail", "known defect secondFlush"]);
    expect(report.failures[0]!.replay).toMatch(/^npx rox gate --strict --only corpus/);
    expect(exitCode(report)).toBe(1);
  });

  test("what workers and this thread have executed of a kernel's code is told together", async () => {
    const { kind, options } = setUp(() => AGREE);
    const executed = [
      [{ name: "__text_poke", words: Uint8Array.of(1, 0, 0, 1) }],
      [{ name: "__text_poke", words: Uint8Array.of(1, 1, 0, 0) }],
    ];
    let asked = 0;
    const subject = { ...defaultSubject, executed: () => executed[asked++ % 2]! };
    const setting = { kinds: [kind], engines: [referenceEngine], subject };
    const { report } = await gate(options, setting, inlinePool(makeSubjectCheckers(setting)));
    expect(asked).toBeGreaterThan(1);
    expect(report.kernelCode).toEqual([{ name: "__text_poke", executed: 3, words: 4 }]);
    expect(formatGate(report, 80).some((line) => /^ {2}__text_poke +3 +of 4$/.test(line))).toBe(true);
  });

  test("checks exactly the programs asked for and sums them up", async () => {
    const { report, findings } = await run(setUp(() => AGREE));
    expect(findings).toEqual([]);
    expect(report).toMatchObject({ ok: true, total: 250, passed: 250, failed: 0, incomparable: 0, seed: 1000 });
    expect(report).toMatchObject({ programs: 250, words: 2500, executed: 1250, coverage: { reached: 1 } });
    expect(report.sizes.reduce((sum, { programs }) => sum + programs, 0)).toBe(250);
    expect(exitCode(report)).toBe(0);
  });

  test("a planted wrong answer is found, shrunk, written and fails", async () => {
    const set = setUp((number) => (number === 1142 ? WRONG : AGREE));
    const { report, findings } = await run(set);
    expect(exitCode(report)).toBe(1);
    expect(findings.map(({ facts }) => facts.size)).toEqual([{ original: 24, shrunk: 2, unit: "unit" }]);
    expect(report.failures).toHaveLength(1);
    expect(report.failures[0]).toMatchObject({
      oracle: "toy-oracle",
      where: "the number",
      expected: "0x1",
      got: "0x2",
    });
    const file = path.join(set.options.findings, "gate-1000-142.toy");
    expect(readFileSync(file, "utf8")).toBe(
      "# title: even: another number\n" +
        `# note: gate seed=1000 index=142 version=${version()}\n` +
        "# note: the number: expected 0x1, got 0x2\ntoy 1142 2\n",
    );
    expect(report.failures[0]?.replay).toMatch(/^npx rox replay .*gate-1000-142\.toy$/);
  });

  test("the disagreement with the lowest index is reported, however the chunks are cut", async () => {
    for (const chunk of [1, 7, 100, 1000]) {
      const { findings } = await run(setUp((number) => (number >= 1033 ? WRONG : AGREE), { chunk }));
      expect(findings.map(({ file }) => path.basename(file))).toEqual(["gate-1000-33.toy"]);
    }
  });

  test("an exception out of a witness is a counterexample", async () => {
    const { report } = await run(
      setUp((number) => {
        if (number === 1003) throw new Error("no encoding for 3");
        return AGREE;
      }),
    );
    expect(report.failures[0]).toMatchObject({ where: "an exception", got: "no encoding for 3" });
    expect(exitCode(report)).toBe(1);
  });

  test("more than one per cent incomparable fails, one per cent does not", async () => {
    const unclear: Verdict = { kind: "incomparable", why: "fuel" };
    const some = await run(setUp((number) => (number < 1002 ? unclear : AGREE)));
    expect(some.report).toMatchObject({
      ok: true,
      incomparable: 2,
      incomparableWhy: { fuel: { programs: 2, first: 0 } },
    });
    const { report } = await run(setUp((number) => (number < 1003 ? unclear : AGREE)));
    expect(report).toMatchObject({ ok: false, incomparable: 3, failed: 0 });
    expect(exitCode(report)).toBe(1);
    expect(formatGate(report, 80).at(-1)).toMatch(/^FAILED .*1\.2 % incomparable, at most 1 % may be$/);
  });

  test("a corpus file that fails ends the run before anything is generated", async () => {
    const set = setUp(() => AGREE);
    const { directory, options } = set;
    writeFileSync(path.join(directory, "a.bpf"), RETURNS_7);
    writeFileSync(path.join(directory, "b.bpf"), `# expect: r0 = 0x8\n${RETURNS_7}`);
    const { report } = await run(set);
    expect(report).toMatchObject({ programs: 0, passed: 1, failed: 1 });
    expect(report.failures[0]?.name).toBe(path.join(directory, "b.bpf"));
    expect(existsSync(options.findings)).toBe(false);
  });

  test("a corpus file that does not parse is named, the others are replayed, and the run fails", async () => {
    const set = setUp(() => AGREE);
    writeFileSync(path.join(set.directory, "a.bpf"), "what");
    writeFileSync(path.join(set.directory, "b.bpf"), RETURNS_7);
    const { report } = await run(set);
    expect(report).toMatchObject({ ok: false, passed: 251, corpus: { files: 2, passed: 1 } });
    expect(report.unreadable).toHaveLength(1);
    expect(exitCode(report)).toBe(2);
  });

  test("an interrupt stops between chunks and keeps the counts so far", async () => {
    const stop = new AbortController();
    const { report } = await run(setUp(() => AGREE, { stop: stop.signal, progress: () => stop.abort() }));
    expect(report).toMatchObject({ interrupted: true, passed: 100, ok: false });
    expect(exitCode(report)).toBe(130);
    expect(formatGate(report, 80).at(-1)).toMatch(/^INTERRUPTED .*100 compared so far$/);
  });

  test("no budget still checks one chunk", async () => {
    expect((await run(setUp(() => AGREE, { budgetMs: 0 }))).report.passed).toBe(100);
  });

  test("a failure that does not repeat is kept as it was found, with what led to it, and nothing is shrunk", async () => {
    let asked = 0;
    const set = setUp((number) => (number === 1142 && asked++ === 0 ? WRONG : AGREE));
    const { report, findings } = await run(set);
    expect(exitCode(report)).toBe(1);
    expect(asked).toBe(2);
    expect(findings[0]?.facts).toMatchObject({
      ...{ cause: { oracle: "toy-oracle" }, where: "the number", got: "0x2", fixed: false },
      ...{ size: { original: 24, shrunk: 24 }, index: 142, notRepeated: { got: "agreement", chunk: 100 } },
    });
    expect(readFileSync(findings[0]!.file, "utf8")).toMatch(
      /the cases from index 100 on led to it; tried by itself: agreement\ntoy 1142 24\n$/,
    );
  });

  test("a case that hangs its worker is kept unshrunk, and the others of its chunk are still tried", async () => {
    const { kind, options } = setUp(() => AGREE);
    const setting = { kinds: [kind], engines: [referenceEngine] };
    const pool = inlinePool(makeSubjectCheckers(setting));
    const hanging: Pool = {
      ...pool,
      chunk: async (task) => {
        const nth = task.indexes.indexOf(142);
        return nth < 0 ? pool.chunk(task) : { ok: false, lost: { kind: "hang", nth, why: "no end" } };
      },
      shrink: () => Promise.reject(new Error("it would hang again")),
    };
    const { report, findings } = await gate(options, setting, hanging);
    expect(report).toMatchObject({ programs: 199, passed: 199, failed: 1 });
    expect(report.failures[0]).toMatchObject({ oracle: "worker-hang", where: "the worker", got: "hang: no end" });
    expect(findings[0]?.facts).toMatchObject({ index: 142, size: { original: 24, shrunk: 24 } });
  });

  test("findings that have no place are refused before anything is tried", async () => {
    const file = path.join(scratch(), "file");
    writeFileSync(file, "");
    let asked = 0;
    const { report } = await run(
      setUp(
        () => {
          asked++;
          return WRONG;
        },
        { findings: path.join(file, "findings") },
      ),
    );
    expect([exitCode(report), asked, report.unreadable.length]).toEqual([2, 0, 1]);
  });

  test("the summary fits 80 columns", async () => {
    const { report } = await run(setUp(() => AGREE));
    for (const line of formatGate(report, 80)) expect(line.length, line).toBeLessThanOrEqual(80);
  });
});
