// Every entry of the corpus under every test run: it reads, says what it is about, and agrees with what it expects.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { readEntry } from "./harness/corpus/entry.js";
import { checkCase, makeChecker } from "./properties/cases/program/check.js";
import { parseCase } from "./properties/cases/program/text.js";
import { parseVerifierOnly } from "./properties/cases/verifier-only/text.js";
import { ROWS } from "./spec/bpf/isa.js";

const CORPUS = fileURLToPath(new URL("corpus/", import.meta.url));
const entries = readdirSync(CORPUS).filter((name) => name.endsWith(".bpf"));
const bench = makeChecker();

test("there are entries", () => {
  expect(entries.length).toBeGreaterThan(60);
});

/** Rows that no file can have, and why. */
const WITHOUT_AN_ENTRY: Readonly<Record<string, string>> = {
  "call kfunc": "no kfunc is modelled",
  "lddw variable": "no variable of a kernel is modelled",
  "lddw code": "an address of code, which differs between witnesses: kernel rows in a called function have one",
  "tail call": "what a call of helper 12 becomes",
  "cast kernel": "programs have no arena",
};

test("every row of the instruction table is in an entry", () => {
  const text = (name: string): string => readFileSync(`${CORPUS}${name}`, "utf8");
  const programs = entries.flatMap((name) => {
    const parsed = parseCase(text(name));
    return parsed.ok ? parsed.value.program.code.flat() : [];
  });
  const bodies = readdirSync(CORPUS).flatMap((name) => {
    const parsed = name.endsWith(".verifier") ? parseVerifierOnly(text(name)) : undefined;
    return parsed?.ok ? parsed.value.body : [];
  });
  const seen = new Set([...programs, ...bodies].map(({ row }) => row.id));
  const missing = ROWS.filter(({ id }) => !seen.has(id)).map(({ id }) => id);
  expect(missing.toSorted()).toEqual(Object.keys(WITHOUT_AN_ENTRY).toSorted());
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
