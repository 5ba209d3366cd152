// The head is the same for all kinds: what is printed is read as it was.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertLaw } from "../../testing/law.js";
import { ORACLES } from "../oracles/index.js";
import type { Head } from "./header.js";
import { HISTORIES } from "./history/index.js";
import { KINDS } from "./index.js";

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();
const text = fc.oneof(fc.string(), fc.constantFrom("a: b", "# c", "two\n  lines", "", " ", "r0 = 1"));
const head: fc.Arbitrary<Head> = fc.record({
  title: fc.option(text, { nil: undefined }),
  oracle: fc.option(fc.constantFrom(...ORACLES.map(({ name }) => name)), { nil: undefined }),
  id: fc.constantFrom(undefined, "0123456789ab"),
  notes: fc.array(fc.record({ key: fc.constantFrom("found", "provenance", "quirk", "note"), text })),
});

describe.each(KINDS.map((kind) => [kind.name, kind] as const))("%s", (_name, kind) => {
  test("are read with the head that they are printed with", () => {
    const c = kind.fresh(1, 0);
    assertLaw(
      fc.property(head, (said) => {
        const printed = kind.print(c, said);
        const read = kind.parse(printed);
        if (!read.ok) throw new Error(`${read.error.message}\n${printed}`);
        const { title = "", oracle, id, notes = [] } = said;
        expect(read.head).toMatchObject({
          ...(oneLine(title) !== "" && { title: oneLine(title) }),
          ...(oracle !== undefined && { oracle }),
          ...(id !== undefined && { id }),
          // The quirk of a history is an option of it.
          notes: notes.map((note) => ({
            key: kind.name === HISTORIES.name && note.key === "quirk" ? "note" : note.key,
            text: oneLine(note.text),
          })),
        });
        expect(kind.print(read.value, read.head)).toBe(printed);
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  test.each([
    ["# note: a\n# note: b\n# title:\n", 'line 3: "title" is empty'],
    ["# id: 12\n", 'line 1: expected 12 hex digits, got "12"'],
    ["# oracle: no-leak\n\n# oracle: no-leak\n", 'line 3: "oracle" comes twice'],
    ["# notion: one\n", /^line 1: unknown key "notion", expected id, title, oracle, /],
  ])("with %j are refused", (lines, message) => {
    const read = kind.parse(lines + kind.print(kind.fresh(1, 0)).replace(/^(#.*\n)*/, ""));
    expect(read.ok ? "no refusal" : read.error.message).toMatch(message);
  });
});
