// The public BPF ISA conformance suite, where it is at hand: every file's result, as its authors state it.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { available } from "../../testing/required.js";
import { readDataFile } from "./data-file.js";
import { interpret } from "./interpret.js";
import type { Program } from "./program.js";
import { LAYOUT } from "./testing.js";

const FOLDER = process.env.ROX_CONFORMANCE;

/** What a file says should come, or what came instead. */
function verdict(name: string): string {
  const file = readDataFile(readFileSync(join(FOLDER ?? "", "tests", name), "utf8"));
  if (!file.ok) return file.error.message;
  const { program, memory, expect: wanted } = file.value;
  if (!("r0" in wanted)) return "expects an error";
  const layout = { ...LAYOUT, context: { ...LAYOUT.context, bytes: memory.length } };
  const subject: Program = { code: [program], maps: [], context: "memory" };
  const outcome = interpret({ program: subject, input: memory, layout, fuel: 1_000_000 });
  if (outcome.kind !== "returned") return outcome.kind === "faulted" ? outcome.detail : outcome.kind;
  return outcome.r0 === wanted.r0 ? "as expected" : `r0 is ${outcome.r0}, expected ${wanted.r0}`;
}

test("every file of the suite returns what it says", () => {
  const missing = FOLDER === undefined ? "ROX_CONFORMANCE is not set to the folder that has tests/" : undefined;
  if (!available("conformance", () => missing)) return;
  const names = readdirSync(join(FOLDER ?? "", "tests")).filter((name) => name.endsWith(".data"));
  expect(names.length).toBeGreaterThan(0);
  const surprises = names.map((name) => `${name}: ${verdict(name)}`).filter((line) => !line.endsWith(": as expected"));
  expect(surprises).toEqual([]);
});
