import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { KINDS } from "../../properties/cases/index.js";
import { directedCases } from "../../properties/directed/index.js";
import { defaultSubject } from "../../subjects/index.js";
import { randomSource } from "../../subjects/random/source.js";
import { capture } from "../../testing/capture.js";
import { makeFiles } from "../../testing/files.js";

const RETURNS_2 = "# title: returns 2\nr0 = 2\nexit\n";
const gate = async (...options: string[]) => {
  const said = await capture(["gate", "--jobs", "1", "--seed", "1", ...FEW, "--exhaustive", "none", ...options]);
  // A slow machine is told how far it is.
  return { ...said, err: said.err.replaceAll(/^gate: .*\n/gm, "") };
};
const FEW = ["--histories", "20", "--verifier-only", "20", "--trampolines", "20"];
const DIRECTED = directedCases(defaultSubject).length;
const ENCODERS = new Set(Array.from(defaultSubject.encoders!(randomSource(1, 0), 1), ({ name }) => name)).size;
/** For what the other parts have no say in. */
const SHORT = ["--only", "corpus,programs"];
/** Beside programs and corpus: directed cases, encoders, the three kinds of cases, and those that are lists. */
const OTHERS = DIRECTED + ENCODERS + 60 + KINDS.reduce((sum, { count = 0 }) => sum + count, 0);

describe("rox gate", () => {
  test("prints its seed first, replays the corpus, checks programs and reports", async () => {
    const corpus = makeFiles({ "two.bpf": RETURNS_2 });
    const json = path.join(makeFiles({}), "gate.json");
    const { code, out, err } = await gate("--programs", "60", "--corpus", corpus, "--json", json);
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(
      /^seed 1\ncorpus {5}1 file, 1 agree, 0 differ, 0 incomparable, 0 unreadable\ndirected {3}\d+ cases, .*\nprograms {3}60, run \d+ times on \w+\n/,
    );
    expect(out.trimEnd().split("\n").at(-1)).toMatch(new RegExp(`^OK in .*, seed 1: ${61 + OTHERS} agree$`));
    expect(JSON.parse(readFileSync(json, "utf8"))).toMatchObject({
      ...{ ok: true, total: 61 + OTHERS, passed: 61 + OTHERS, failed: 0, incomparable: 0, seed: 1, programs: 60 },
      ...{ failures: [], corpus: { files: 1, passed: 1 } },
    });
  });

  test("the same seed checks the same programs", async () => {
    const facts = async (seed: string): Promise<string> => {
      const { out } = await capture(["gate", "--jobs", "1", "--seed", seed, "--programs", "20", "--only", "programs"]);
      return out
        .split("\n")
        .filter((line) => /^(programs|code|coverage)/.test(line))
        .join("\n");
    };
    expect(await facts("3")).toBe(await facts("3"));
    expect(await facts("3")).not.toBe(await facts("4"));
  });

  test("--only tries these parts, and refuses what is none", async () => {
    const { code, out, err } = await capture(["gate", "--seed", "1", "--only", "edges"]);
    expect(code).toBe(0);
    expect(err).toBe("rox: the part edges is now called directed\n");
    expect(out).toContain(`directed   ${DIRECTED} cases, 0 encoders\n`);
    expect(out).toMatch(/^programs +not run, not asked for$/m);
    expect(out).not.toMatch(/^verifier-only/m);
    expect((await capture(["gate", "--only", "edge"])).code).toBe(2);
  });

  test("a counterexample of the corpus ends with the command that shows it", async () => {
    const corpus = makeFiles({ "two.bpf": RETURNS_2.replace("2\n", "2\n# expect: r0 = 0x3\n") });
    const { code, out } = await gate("--programs", "60", "--corpus", corpus, ...SHORT);
    expect(code).toBe(1);
    expect(out.trimEnd().split("\n").at(-1)).toBe(`npx rox run ${path.join(corpus, "two.bpf")}`);
    expect(out).toContain("r0 against the file: expected 0x0000000000000003");
  });

  test("--report writes a page with the verdict, the seed and what failed", async () => {
    const corpus = makeFiles({
      "two.bpf": RETURNS_2,
      "wrong.bpf": RETURNS_2.replace("2\n", "2\n# expect: r0 = 0x3\n"),
    });
    const directory = path.join(makeFiles({}), "new", "report");
    const { code, err } = await gate(...SHORT, "--programs", "5", "--corpus", corpus, "--report", directory);
    expect([code, err]).toEqual([1, `rox: the report is ${path.join(directory, "index.html")}\n`]);
    const page = readFileSync(path.join(directory, "index.html"), "utf8");
    const text = page.replaceAll(/<[^>]+>/g, " ").replaceAll(/\s+/g, " ");
    const said = ["1 counterexample", "npx rox gate --seed 1 --programs 1", "r0 against the file differs wrong"];
    expect(said.filter((words) => !text.includes(words))).toEqual([]);
  });

  test("a report that cannot be written is bad input", async () => {
    const files = makeFiles({ "two.bpf": RETURNS_2 });
    const { code, err } = await gate(
      ...SHORT,
      "--programs",
      "5",
      "--corpus",
      files,
      "--report",
      path.join(files, "two.bpf"),
    );
    expect(code).toBe(2);
    expect(err).toMatch(/^rox: [^\n]*two\.bpf: expected a place to write, got [^\n]*\n$/);
  });

  test("an unreadable corpus file fails the run but hides nothing", async () => {
    const corpus = makeFiles({ "a.bpf": "what is this", "b.bpf": RETURNS_2 });
    const { code, out, err } = await gate(...SHORT, "--programs", "5", "--corpus", corpus);
    expect(code).toBe(2);
    expect(err).toMatch(/^rox: [^\n]*a\.bpf: expected a program to run, got line 1[^\n]*\n$/);
    expect(out).toContain("corpus     2 files, 1 agree, 0 differ, 0 incomparable, 1 unreadable");
  });

  test("an interrupt ends the run with the summary so far", async () => {
    const { code, out } = await capture(["gate", "--jobs", "1", "--seed", "1"], { stop: AbortSignal.timeout(1500) });
    expect(code).toBe(130);
    expect(out.trimEnd().split("\n").at(-1)).toMatch(/^INTERRUPTED in .*, seed 1: \d+ compared so far$/);
  });
});
