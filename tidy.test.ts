// The arrows of the design, checked: which folder may import from which, and what `impl/` may know of `spec/`.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const ROOT = dirname(fileURLToPath(import.meta.url));

/** For each folder, the folders that its code may import from, besides itself. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  spec: [],
  machine: ["spec"],
  impl: ["machine", "spec"],
  engines: ["machine", "spec"],
  subjects: ["impl", "spec", "engines", "machine"],
  properties: ["subjects", "impl", "spec", "engines", "machine"],
  harness: ["properties", "subjects", "impl", "spec", "engines", "machine"],
  cli: ["harness", "properties", "subjects", "impl", "spec", "engines", "machine"],
  bench: ["harness", "properties", "subjects", "impl", "spec", "engines", "machine"],
};
/** Vocabulary that two witnesses may share. Everything else in `spec/` is meaning. */
const VOCABULARY = ["spec/bits.ts", "spec/bpf/isa.ts", "spec/bpf/insn.ts"];
/** Folders that may take vocabulary only. */
const WITHOUT_MEANING: Record<string, readonly string[]> = { impl: VOCABULARY, machine: ["spec/bits.ts"] };
/** Tests may also use these. */
const FOR_TESTS = ["testing", "spec/bpf/text/bpf.ts", "engines/capstone"];
const MOST_LINES = 400;

interface Import {
  readonly from: string;
  readonly to: string;
}

function sources(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((name) => name.endsWith(".ts"));
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(ROOT, file), "utf8");
  return [...text.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g)].map((match) => ({
    from: file,
    to: `${normalize(relative(ROOT, join(ROOT, dirname(file), match[1] ?? "")))}.ts`,
  }));
}

const top = (file: string): string => file.split("/")[0] ?? "";

function isAllowed({ from, to }: Import): boolean {
  if (top(from) === top(to)) return true;
  if (from.endsWith(".test.ts") && FOR_TESTS.some((allowed) => to.startsWith(allowed))) return true;
  if (!(MAY_IMPORT[top(from)] ?? []).includes(top(to))) return false;
  const vocabulary = WITHOUT_MEANING[top(from)];
  return vocabulary === undefined || top(to) !== "spec" || vocabulary.includes(to);
}

describe.each(Object.keys(MAY_IMPORT))("%s", (folder) => {
  test("imports only along the arrows", () => {
    const wrong = sources(folder)
      .flatMap(importsOf)
      .filter((i) => !isAllowed(i));
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([]);
  });

  test(`has no file of more than ${MOST_LINES} lines but tables`, () => {
    const tables = ["spec/bpf/isa.ts"];
    const long = sources(folder).filter(
      (file) => !tables.includes(file) && readFileSync(join(ROOT, file), "utf8").split("\n").length > MOST_LINES,
    );
    expect(long).toEqual([]);
  });
});

test("an import against the arrows would be seen", () => {
  expect(isAllowed({ from: "spec/bpf/x.ts", to: "impl/jit/y.ts" })).toBe(false);
  expect(isAllowed({ from: "impl/jit/y.ts", to: "spec/bpf/interpret.ts" })).toBe(false);
  expect(isAllowed({ from: "impl/jit/y.ts", to: "spec/bpf/isa.ts" })).toBe(true);
  expect(isAllowed({ from: "engines/reference/x.ts", to: "impl/jit/y.ts" })).toBe(false);
});
