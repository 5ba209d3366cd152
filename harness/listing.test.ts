// Listings of code that is no program: the rows that only a verifier makes. And why there is no code to list.

import { expect, test } from "vitest";
import { parseCase } from "../properties/cases/program/text.js";
import { VERIFIER_ONLY } from "../properties/cases/verifier-only/index.js";
import { printInsn } from "../spec/bpf/text/print.js";
import { defaultSubject } from "../subjects/index.js";
import { inProfiles } from "../subjects/open.js";
import type { Subject } from "../subjects/subject.js";
import { badInputLine } from "./bad-input.js";
import { formatListing } from "./format/listing.js";
import { compileCase, listingOf } from "./listing.js";

const code = VERIFIER_ONLY.code!;

test("every case has code, with the words of each of its rows beside it", async () => {
  for (let index = 0; index < 100; index++) {
    const c = VERIFIER_ONLY.fresh(3, index);
    const functions = code(c);
    expect(functions).toHaveLength(c.isCalled ? 2 : 1);
    if (index >= 10) continue;
    const text = formatListing(await listingOf(functions), 200).join("\n");
    for (const [pc] of c.body.entries()) expect(text).toContain(`: ${printInsn(c.body, pc)} `);
  }
});

test("a blinded row keeps its own place beside the words that it became", async () => {
  const text = "# blind: yes\n# r2: 0x1000\n\narena *(u64 *)(r2 + 8) = 0x12345678\n";
  const read = VERIFIER_ONLY.parse(text);
  if (!read.ok) throw new Error(read.error.message);
  const [main] = await listingOf(code(read.value));
  const row = main!.parts.find(({ bpf }) => bpf.startsWith("arena"));
  expect(row!.words.map(({ text: word }) => word.split(" ")[0])).toEqual(expect.arrayContaining(["eor", "str"]));
  expect(row!.words.length).toBeGreaterThan(4);
});

const LONG = `if r1 == 0 goto L1\n${"r0 += 0x12345678\n".repeat(16_384)}L1:\nr0 = 0\nexit\n`;
const REFUSER: Subject = {
  ...defaultSubject,
  compile: () => ({ ok: false, index: 0, error: { kind: "bodyMoved", words: 9, expected: 8 } }),
};
const PROFILE = inProfiles().find(({ name }) => name === "impl:linux-6.12")!;

test.each([
  ["call 93\nexit\n", defaultSubject, "call of bpf_spin_lock, which is not modelled; give --unknown-calls"],
  [
    "r0 = load_acquire((u64 *)(r1 + 0))\nexit\n",
    PROFILE,
    "function 0 of code 0: the subject lacks the instruction form load acquire dw (Linux 6.15, arm64 JIT 6.15); " +
      "give another --subject",
  ],
  [
    `# blind: yes\n\n${LONG}`,
    defaultSubject,
    "blinding moves the target of slot 0 of function 0 out of reach; compile it without blinding",
  ],
  ["r0 = 0\nexit\n", REFUSER, "function 0 of code 0: body ends at word 9, expected 8; let rox run judge it"],
])("why there is no code, and what to do (%#)", async (text, subject, sentence) => {
  const read = parseCase(text);
  if (!read.ok) throw new Error(read.error.message);
  const compiled = await compileCase(read.value, undefined, subject);
  const line = compiled.ok ? undefined : badInputLine(compiled.error);
  expect(line).toBe(sentence && `program: expected a program that the JIT takes, got ${sentence}`);
});
