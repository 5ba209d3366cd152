import { expect, test } from "vitest";
import { applyEdits, type Mutant, parseMutant } from "./mutant.js";

const TEXT = `# A01: a title
# re-enacts: 0123456789ab "a commit"
# equivalent: nobody
#   can see it

# file: impl/x.ts
   one
-  two
+  2

   three
@@
-last
`;
const SOURCE = "  one\n  two\n\n  three\nmiddle\nlast\n";

function parsed(text: string): Mutant {
  const mutant = parseMutant("a/A01.mutant", "a", text);
  if (!mutant.ok) throw new Error(mutant.error.expected);
  return mutant.value;
}

test("a mutant is read with its edits", () => {
  expect(parsed(TEXT)).toEqual({
    id: "A01",
    title: "a title",
    reenacts: '0123456789ab "a commit"',
    equivalent: "nobody can see it",
    group: "a",
    edits: [
      { file: "impl/x.ts", before: "  one\n  two\n\n  three", after: "  one\n  2\n\n  three" },
      { file: "impl/x.ts", before: "last", after: "" },
    ],
  });
});

test("its edits are made", () => {
  expect(applyEdits(parsed(TEXT), "impl/x.ts", SOURCE)).toEqual({ ok: true, value: "  one\n  2\n\n  three\nmiddle\n" });
  expect(applyEdits(parsed(TEXT), "impl/y.ts", SOURCE)).toEqual({ ok: true, value: SOURCE });
});

test("lines that are gone, or there twice, are an error with the mutant's name", () => {
  for (const [source, got] of [
    ["  one\n  2\n\n  three\nlast\n", "none"],
    [`${SOURCE}last\n`, "2"],
  ] as const) {
    expect(applyEdits(parsed(TEXT), "impl/x.ts", source)).toMatchObject({
      ok: false,
      error: { subject: "mutant A01", expected: "its lines exactly once in impl/x.ts", got },
    });
  }
});

test.each([
  ["no title", "# re-enacts: x\n", "`# ID: title` as its first line"],
  ["no history", "# A01: t\n# file: x\n-a\n", "a line `# re-enacts: ...`"],
  ["no change", "# A01: t\n# re-enacts: x\n", "a change below `# file: ...`"],
  ["nothing changes", "# A01: t\n# re-enacts: x\n# file: x\n a\n", "a change of x"],
  [
    "something else",
    "# A01: t\n# re-enacts: x\n# file: x\n-a\n?\n",
    "a line of the change that begins with a blank, + or -",
  ],
])("%s", (_name, text, expected) => {
  expect(parseMutant("a.mutant", "a", text)).toMatchObject({ ok: false, error: { subject: "a.mutant", expected } });
});
