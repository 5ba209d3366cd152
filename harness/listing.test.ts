// Listings of code that is no program: the rows that only a verifier makes.

import { expect, test } from "vitest";
import { VERIFIER_ONLY } from "../properties/cases/verifier-only/index.js";
import { printInsn } from "../spec/bpf/text/print.js";
import { formatListing } from "./format/listing.js";
import { listingOf } from "./listing.js";

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
