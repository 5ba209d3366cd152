import { expect, test } from "vitest";
import { pointer } from "../../../machine/address.js";
import { DATA, PLAIN } from "./case.js";
import { parseVerifierOnly, printVerifierOnly } from "./text.js";

const TEXT = `# title: an entry
# oracle: exec-match
# id: 0123456789ab
# note: from somewhere
# cpu: ll-sc
# vhe: yes
# version: 7.2
# called: yes
# r0: 0xffffffffffffffff
# r1: data + 64
# r3: 7

r4 = probe *(u8 *)(r3 + 8)
call 8
`;

test("a body of which nothing else can be tried reads back", () => {
  const plain = TEXT.replace("r4 = probe *(u8 *)(r3 + 8)\ncall 8\n", "r0 = 0\n");
  const read = parseVerifierOnly(plain);
  expect(read).toMatchObject({ ok: true, value: { body: [PLAIN] } });
  if (read.ok) expect(printVerifierOnly(read.value, read.head)).toBe(plain);
});

test("a case is read and printed", () => {
  const read = parseVerifierOnly(TEXT);
  if (!read.ok) throw new Error(read.error.message);
  const { value: c, head } = read;
  expect(c).toMatchObject({
    env: { lse: false, vhe: true, bti: false },
    isBlinded: false,
    isCalled: true,
    version: "7.2",
  });
  expect(c.registers).toEqual([2n ** 64n - 1n, pointer(DATA.base) + 64n, 0n, 7n, 0n, 0n]);
  expect(c.body).toHaveLength(2);
  expect(head).toEqual({
    ...{ title: "an entry", oracle: "exec-match", id: "0123456789ab" },
    notes: [{ key: "note", text: "from somewhere" }],
  });
  expect(printVerifierOnly(c, head)).toBe(TEXT);
});

test.each([
  ["# title:\nr0 = percpu r1\n", 'line 1: "title" is empty'],
  ["# vhe: yes\n# vhe: yes\nr0 = percpu r1\n", 'line 2: "vhe" comes twice'],
  ["# id: 12\nr0 = percpu r1\n", 'line 1: expected 12 hex digits, got "12"'],
  ["# vhe: maybe\nr0 = percpu r1\n", 'line 1: expected vhe: yes or no, got "maybe"'],
  ["# cpu: fast\nr0 = percpu r1\n", 'line 1: expected lse or ll-sc, got "fast"'],
  ["# r0: 0x80000000\nr0 = percpu r1\n", 'line 1: expected a signed 32-bit number in r0, got "0x80000000"'],
  ["# r1: data + 4096\nr0 = percpu r1\n", /^line 1: expected a 64-bit number, data \+ N or task \+ N within a page/],
  [
    "# r6: 1\nr0 = percpu r1\n",
    /^line 1: unknown key "r6", expected id, title, oracle, found, provenance, quirk, note, cpu, vhe, bti, version, classic, blind, called, r0, r1, r2, r3, r4, r5$/,
  ],
  ["\n\nr0 = percpu r6\n", "line 3: instruction 0 (r0 = percpu r6) names r6, expected r0 to r5 or r7 to r9"],
  ["r1 = percpu r2\nexit\n", /^line 1: instruction 1 \(exit\) is none that only a verifier makes/],
  ["call 7\n", /^line 1: instruction 0 \(call 7\) is none/],
  ["# title: nothing\n", "line 2: no instructions"],
  ["r1 = percpu\n", /^line 1: /],
])("%j is refused", (text, message) => {
  const read = parseVerifierOnly(text);
  expect(read.ok ? "no refusal" : read.error.message).toMatch(message);
});
