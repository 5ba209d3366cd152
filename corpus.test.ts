// Every entry of the corpus under every test run: it reads, says what it is about, and agrees with what it expects.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readEntry } from "./harness/corpus/entry.js";
import { checkCase, makeChecker } from "./properties/cases/program/check.js";
import { parseCase } from "./properties/cases/program/text.js";
import { functionsOf } from "./properties/cases/verifier-only/check.js";
import { parseVerifierOnly } from "./properties/cases/verifier-only/text.js";
import type { Insn } from "./spec/bpf/insn.js";
import { ROWS } from "./spec/bpf/isa.js";
import { validate } from "./spec/bpf/validate/validate.js";
import type { Case } from "./subjects/case.js";
import { lowerProgram } from "./subjects/lowering.js";

const CORPUS = fileURLToPath(new URL("corpus/", import.meta.url));
const entries = readdirSync(CORPUS).filter((name) => name.endsWith(".bpf"));
const bench = makeChecker();

test("there are entries", () => {
  expect(entries.length).toBeGreaterThan(60);
});

/** A program, and what the JIT is given of it: calls of helper 12 are tail calls there. */
function insnsOf({ program, env }: Case): readonly Insn[] {
  const validity = validate(program, { definedness: "run" });
  const lowered = validity.ok ? lowerProgram(program, validity.facts, env).flat() : [];
  return [...program.code.flat(), ...lowered.flatMap(({ insns }) => insns)];
}

test("every row of the instruction table is in an entry", () => {
  const text = (name: string): string => readFileSync(`${CORPUS}${name}`, "utf8");
  const programs = entries.flatMap((name) => {
    const parsed = parseCase(text(name));
    return parsed.ok ? insnsOf(parsed.value) : [];
  });
  // A body that is called has a function that loads its address.
  const bodies = readdirSync(CORPUS).flatMap((name) => {
    const parsed = name.endsWith(".verifier") ? parseVerifierOnly(text(name)) : undefined;
    return parsed?.ok ? [...parsed.value.body, ...functionsOf(parsed.value).flatMap(({ insns }) => insns)] : [];
  });
  const seen = new Set([...programs, ...bodies].map(({ row }) => row.id));
  expect(ROWS.filter(({ id }) => !seen.has(id)).map(({ id }) => id)).toEqual([]);
});

describe.each(entries)("%s", (name) => {
  const parsed = parseCase(readFileSync(`${CORPUS}${name}`, "utf8"));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.error.message}`);
  const { value: entry, head } = parsed;

  test("has a title and names its oracle", () => {
    expect(head.title).toMatch(/\w/);
    expect(head.oracle).toMatch(/^[a-z0-9-]+$/);
    expect(readEntry(`${CORPUS}${name}`)).toMatchObject({ ok: true, value: { id: head.id } });
  });

  test("agrees, with the result that it expects", () => {
    const report = checkCase(entry, bench);
    if (report.kind === "invalid") throw new Error(report.problems[0]?.message);
    expect(report.verdict).toEqual({ kind: "agree" });
    const { expect: results = [] } = head;
    report.runs.forEach(({ expected }, i) => {
      const r0 = results[results.length === 1 ? 0 : i];
      if (r0 !== undefined) expect(expected).toMatchObject({ kind: "returned", r0 });
    });
  });
});
