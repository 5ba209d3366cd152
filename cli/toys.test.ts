// Adding a kind is one folder and one line of a list, and so is adding a subject: a toy of each, put into its list and nowhere
// else, goes through gate, fuzz, replay and report.

import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test, vi } from "vitest";
import { AGREE } from "../properties/verdict.js";
import { capture } from "../testing/capture.js";

vi.mock("../properties/cases/index.js", async (original) => {
  const real = await original<typeof import("../properties/cases/index.js")>();
  const { toyKind, WRONG } = await import("../testing/toy-kind.js");
  const kinds = [...real.KINDS, toyKind((number) => (number % 50 === 42 ? WRONG : AGREE))];
  return {
    ...real,
    KINDS: kinds,
    kindByName: (name: string, all = kinds) => real.kindByName(name, all),
    kindOfFile: (file: string, all = kinds) => real.kindOfFile(file, all),
  };
});
vi.mock("../subjects/index.js", async (original) => {
  const real = await original<typeof import("../subjects/index.js")>();
  const { toySubject } = await import("../testing/toy-subject.js");
  const mute = new Map([["short-forms", "an interpreter has no forms"]]);
  const subjects = [...real.SUBJECTS, { ...toySubject, mute }];
  return {
    ...real,
    SUBJECTS: subjects,
    subjectByName: (name: string) => subjects.find((subject) => subject.name === name),
  };
});

const scratch = (): string => mkdtempSync(path.join(tmpdir(), "rox-toys-"));
const wordsOf = (directory: string): string =>
  readFileSync(path.join(directory, "index.html"), "utf8")
    .replaceAll(/<[^>]+>/g, " ")
    .replaceAll(/\s+/g, " ");

describe("a kind", () => {
  test("is a part of the gate, whose finding is replayed and reported", async () => {
    const out = scratch();
    const page = path.join(out, "page");
    const found = await capture([
      "gate",
      "--seed",
      "0",
      "--only",
      "toys",
      "--toys",
      "60",
      "--out",
      out,
      "--report",
      page,
    ]);
    expect([found.code, found.err]).toEqual([1, `rox: the report is ${path.join(page, "index.html")}\n`]);
    expect(found.out).toMatch(/^toys {7}43$/m);
    expect(found.out).toContain("toy-oracle objects, shrunk from 4 units to 2");
    const file = path.join(out, "gate-0-42.toy");
    const replayed = await capture(["replay", file]);
    expect(replayed.code).toBe(1);
    expect(replayed.out).toContain("the number");
    for (const words of ["toy-oracle", "toy 42 2"]) expect(wordsOf(page)).toContain(words);
  });

  test("is tried by campaigns, with its coverage points", async () => {
    const out = path.join(scratch(), "campaign");
    const found = await capture(["fuzz", "--seed", "0", "--kinds", "toys", "--programs", "64", "--out", out]);
    expect([found.code, found.err]).toEqual([1, expect.stringMatching(/^FOUND toys-toy-oracle-even: [^\n]*\n$/)]);
    expect(found.out).toMatch(/^coverage {3}40 points/m);
    expect(existsSync(path.join(out, "corpus", "toys-toy-oracle-even.toy"))).toBe(true);
    const page = path.join(out, "page");
    expect((await capture(["report", out, "--out", page])).code).toBe(0);
    expect(wordsOf(page)).toContain("even: another number");
  });
});

describe("a subject", () => {
  const toy = ["--subject", "toy"];

  test("goes through the gate: what it lacks is counted, what it mutes is named, and neither is a failure", async () => {
    const json = path.join(scratch(), "gate.json");
    const counts = ["--programs", "60", "--histories", "5", "--trampolines", "5"];
    const only = ["--only", "programs,histories,trampolines"];
    const { code, out } = await capture(["gate", ...toy, "--seed", "1", ...counts, ...only, "--json", json]);
    expect(code, out).toBe(0);
    const { passed, lacking, incomparable, notChecked } = JSON.parse(readFileSync(json, "utf8"));
    expect(notChecked).toContain("short-forms, which says nothing of toy: an interpreter has no forms");
    expect(out).toContain("- short-forms, which says nothing of toy: an interpreter has no forms");
    expect(passed).toBeGreaterThan(30);
    expect(lacking).toBeGreaterThan(0);
    expect(incomparable).toBe(lacking);
  });

  test("goes through a campaign and its report", async () => {
    const out = path.join(scratch(), "campaign");
    const { code, out: said } = await capture(["fuzz", ...toy, "--seed", "1", "--programs", "64", "--out", out]);
    expect(code, said).toBe(0);
    const page = path.join(out, "page");
    expect((await capture(["report", out, "--out", page])).code).toBe(0);
  });

  test("replays case files, but those that need what it lacks", async () => {
    const { code, out } = await capture(["replay", ...toy, "corpus/a-product-in-32-bits-ignores-the-upper-halves.bpf"]);
    expect([code, out]).toEqual([0, expect.stringContaining("1 agree")]);
  });

  test("that is not there is refused in one line", async () => {
    for (const command of ["gate", "fuzz", "replay"]) {
      const { code, err } = await capture([command, "--subject", "nothing"]);
      expect([command, code]).toEqual([command, 2]);
      expect(err).toMatch(
        /^rox: --subject: expected one of impl, toy, linux:IMAGE, FILE.json or plugin:PATH, got [^\n]*\n$/,
      );
    }
  });
});
