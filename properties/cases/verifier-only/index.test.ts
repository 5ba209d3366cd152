import { expect, test } from "vitest";
import { listingOf } from "../../../harness/compile.js";
import { formatListing } from "../../../harness/format/listing.js";
import { printInsn } from "../../../spec/bpf/text/print.js";
import { VERIFIER_ONLY } from "./index.js";

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

test("a pointer into an arena is made to point to its first byte", () => {
  const read = VERIFIER_ONLY.parse("# r2: 0x1698\n\narena *(u32 *)(r2 + 1) = 7\n");
  if (!read.ok) throw new Error(read.error.message);
  const isMapped = ({ registers }: typeof read.value): boolean => registers[2]! >= 0x1000n;
  const { registers, body } = VERIFIER_ONLY.minimize(read.value, isMapped, 1000);
  expect(registers[2]).toBe(0x1000n);
  expect(body).toMatchObject([{ off: 0, imm: 0 }]);
});
