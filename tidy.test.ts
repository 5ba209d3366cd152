// The order of the house, checked: which folder may import from which, no circles, no file too long, no needless export.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { sentencesOf } from "./testing/reasons.js";
import {
  type Import,
  importCircles,
  isTest,
  readSource,
  type Source,
  sourcesIn,
  sourcesInRoot,
  uselessExports,
} from "./testing/sources.js";

/** For each folder, the folders that its code may import from, besides itself. Tests: also `FOR_TESTS`. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  spec: [],
  machine: ["spec"],
  impl: ["machine", "spec"],
  engines: ["machine", "spec"],
  subjects: ["impl", "spec", "engines", "machine"],
  properties: ["subjects", "spec", "engines", "machine"],
  harness: ["properties", "subjects", "spec", "engines", "machine"],
  cli: ["harness", "properties", "subjects", "spec", "engines", "machine"],
  // What an installed package gives to other people's tests.
  library: ["harness", "properties", "subjects", "spec", "engines", "machine"],
  // Each puts somebody's JIT behind the protocol of `subjects/command/`; the example, our own.
  adapters: ["subjects", "spec", "machine"],
  // It measures `impl` as well.
  bench: ["harness", "properties", "subjects", "impl", "spec", "engines", "machine"],
};
/** Vocabulary that two witnesses may share. Everything else in `spec/` is meaning. */
const VOCABULARY = [
  "spec/assert.ts",
  "spec/bits.ts",
  "spec/lists.ts",
  "spec/slab.ts",
  "spec/bpf/isa.ts",
  "spec/bpf/insn.ts",
];
/** Folders that may take vocabulary only. */
const WITHOUT_MEANING: Record<string, readonly string[]> = {
  impl: VOCABULARY,
  machine: ["spec/bits.ts", "spec/slab.ts"],
};
/** Tests may also use these. */
const FOR_TESTS = ["testing", "spec/bpf/text/bpf.ts", "engines/capstone"];
/** Whoever wants the subject `impl` asks the list of subjects. */
const BEHIND_THE_LIST = "subjects/impl/";
/** Tests that reach into `impl`: they sabotage it, or show what it does when it is asked to be wrong. */
const SABOTAGE: readonly string[] = ["properties/oracles/oracles.test.ts"];

const MOST_LINES = 300;
const MOST_LINES_OF_A_TEST = 420;
/** Tables: one row after another, however many. */
const TABLES = ["harness/mutants/image/edits.ts"];

const top = (file: string): string => file.split("/")[0] ?? "";

const SOURCES = [...Object.keys(MAY_IMPORT), "testing"].flatMap(sourcesIn);

function isAllowed({ from, to }: Import): boolean {
  if (top(from) === top(to)) return true;
  if (isTest(from) && FOR_TESTS.some((allowed) => to.startsWith(allowed))) return true;
  if (to.startsWith(BEHIND_THE_LIST) || !(MAY_IMPORT[top(from)] ?? []).includes(top(to))) return false;
  const vocabulary = WITHOUT_MEANING[top(from)];
  return vocabulary === undefined || top(to) !== "spec" || vocabulary.includes(to);
}

const isOfImpl = ({ to }: Import): boolean => top(to) === "impl" || to.startsWith(BEHIND_THE_LIST);

describe.each(Object.keys(MAY_IMPORT))("%s", (folder) => {
  const sources = SOURCES.filter(({ file }) => top(file) === folder);
  const wrong = sources.flatMap(({ imports }) => imports).filter((used) => !isAllowed(used));

  test("imports only along the arrows", () => {
    const reported = wrong.filter((used) => !(isOfImpl(used) && SABOTAGE.includes(used.from)));
    expect(reported.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test("every file that may reach into impl does", () => {
    const listed = SABOTAGE.filter((file) => top(file) === folder);
    const reaching = new Set(wrong.filter(isOfImpl).map(({ from }) => from));
    expect(listed.filter((file) => !reaching.has(file))).toEqual([]);
    expect(SABOTAGE.filter((file) => !isTest(file))).toEqual([]);
  });

  test(`has no file of more than ${MOST_LINES} lines but tables`, () => {
    const most = (file: string): number => (isTest(file) ? MOST_LINES_OF_A_TEST : MOST_LINES);
    const isLong = ({ file, text }: Source): boolean => text.trimEnd().split("\n").length > most(file);
    const long = sources.filter((source) => !TABLES.includes(source.file) && isLong(source));
    expect(long.map(({ file }) => file)).toEqual([]);
  });
});

test("an import against the arrows would be seen", () => {
  const allowed = (from: string, to: string): boolean => isAllowed({ from, to, names: [] });
  expect(allowed("spec/bpf/x.ts", "impl/jit/y.ts")).toBe(false);
  expect(allowed("impl/jit/y.ts", "spec/bpf/interpret.ts")).toBe(false);
  expect(allowed("impl/jit/y.ts", "spec/bpf/isa.ts")).toBe(true);
  expect(allowed("engines/reference/x.ts", "impl/jit/y.ts")).toBe(false);
  expect(allowed("properties/x.ts", "impl/jit/y.ts")).toBe(false);
  expect(allowed("properties/x.ts", "subjects/impl/index.ts")).toBe(false);
  expect(allowed("properties/x.ts", "subjects/index.ts")).toBe(true);
  expect(allowed("subjects/x.ts", "properties/oracles/y.ts")).toBe(false);
});

describe("files", () => {
  test("do not import each other in a circle, types included", () => {
    expect(importCircles(SOURCES).map((circle) => circle.join(" "))).toEqual([]);
  });

  test("a circle of two and one of itself would be seen", () => {
    const files = [
      readSource("a/x.ts", 'import type { Y } from "./y.js";'),
      readSource("a/y.ts", 'import {\n  X,\n} from "../a/x.js";\nimport { B } from "../b.js";'),
      readSource("b.ts", 'export const x = import("./b.js");'),
      readSource("c.ts", 'import { B } from "./b.js";'),
    ];
    expect(importCircles(files)).toEqual([["b.ts"], ["a/x.ts", "a/y.ts"]]);
  });
});

/** Examples are written as users of the package write them. */
const MAY_ASSERT = /^(testing\/law\.ts|library\/examples\/.*)$/;
test("laws of random values are asserted in one way, which knows the seeds", () => {
  const own = SOURCES.filter(({ file, text }) => !MAY_ASSERT.test(file) && /\bfc\.assert\b/.test(text));
  expect(own.map(({ file }) => file)).toEqual([]);
});

/** Called by name: the WebAssembly module by its host, the hooks by the module loader, the package by its users. */
const isCalledFromOutside = (file: string): boolean =>
  [
    "engines/wasm/assembly/index.ts",
    "spec/compiled/assembly/index.ts",
    "harness/mutants/load-hook.ts",
    "library/index.ts",
  ].includes(file);
/** What properties try on their own, in tests alone. */
const TRIED_BY_TESTS = ["properties/engines/", "properties/exhaustive/"];

describe("exports", () => {
  test("are used by another file, and not by tests alone", () => {
    const useless = uselessExports([...SOURCES, ...sourcesInRoot()]).filter(
      ({ file, why }) =>
        !isCalledFromOutside(file) &&
        !(why === "used by tests only" && TRIED_BY_TESTS.some((folder) => file.startsWith(folder))),
    );
    expect(useless.map(({ file, name, why }) => `${file}: ${name} is ${why}`)).toEqual([]);
  });

  test("a needless one would be seen", () => {
    const files = [
      readSource(
        "a.ts",
        "export const USED = 1;\nexport const OWN = USED;\nexport const SHOWN = OWN;\nexport type T = 1;",
      ),
      readSource("b.ts", 'import { USED as used } from "./a.js";'),
      readSource("a.test.ts", 'import { SHOWN, type T } from "./a.js";'),
      readSource("a/testing.ts", "export const HELP = 1;"),
      readSource("b.test.ts", 'import { HELP } from "./a/testing.js";'),
    ];
    expect(uselessExports(files).map(({ name, why }) => `${name}: ${why}`)).toEqual([
      "OWN: used by its own file only",
      "SHOWN: used by tests only",
      "T: used by tests only",
    ]);
  });
});

test("every sentence with which a text is refused stands in a test", () => {
  const tests = SOURCES.filter(({ file }) => isTest(file)).map(({ text }) => text.replaceAll(/\\(["`])/g, "$1"));
  const missing = SOURCES.filter(({ file }) => !isTest(file)).flatMap(({ file, text }) =>
    sentencesOf(text).flatMap((sentence) => (tests.some((one) => sentence.test(one)) ? [] : [`${file}: ${sentence}`])),
  );
  expect(missing).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = readFileSync(join(import.meta.dirname, "docs/architecture.md"), "utf8");
  const rows = text
    .slice(text.indexOf("| the command"), text.indexOf("\n\n", text.indexOf("| the command")))
    .split("\n");
  const columns = [2, 3, 4].map((column) => rows.map((row) => /`(.+)`/.exec(row.split("|")[column] ?? "")?.[1] ?? ""));
  const imports = new Map(SOURCES.map((source) => [source.file, source.imports.map(({ to }) => to)]));

  function reachedFrom(file: string): ReadonlySet<string> {
    const reached = new Set([file]);
    for (const each of reached) for (const to of imports.get(each) ?? []) reached.add(to);
    return reached;
  }

  test.each(columns)("follows a case from %s to its verdict in at most eight files", (...files) => {
    expect(files.length).toBeLessThanOrEqual(8);
    const reached = reachedFrom(files[0] ?? "");
    expect(files.filter((file) => !imports.has(file) || !reached.has(file))).toEqual([]);
  });
});
