import { describe, expect, test } from "vitest";
import excerpts from "./excerpts.json" with { type: "json" };
import { isTrampoline, type RecordedTrampoline, readTrampoline } from "./trampoline.js";
import { compareTrampoline } from "./trampoline-bytes.js";

const read = (fields: object): RecordedTrampoline => {
  const trampoline = readTrampoline(fields);
  if (!trampoline.ok) throw new Error(trampoline.message);
  return trampoline.value;
};
const RECORDED = excerpts.trampolines.map((fields) => [fields.name, read(fields)] as const);
const wrong = (recorded: RecordedTrampoline): readonly string[] =>
  compareTrampoline(recorded).differences.map(({ where }) => where.replace(/ \+0x.*/, ""));
const flipped = (bytes: Uint8Array, at: number): Uint8Array => bytes.map((byte, i) => (i === at ? byte ^ 0x10 : byte));

test.each(RECORDED)("%s is built as the kernel built it", (_name, recorded) => {
  const { compared, differences } = compareTrampoline(recorded);
  expect(differences).toEqual([]);
  expect(compared).toBeGreaterThan(1);
});

describe("a difference is seen wherever it is", () => {
  const [, recorded] = RECORDED[0]!;

  test("in every word of the image, and behind the code", () => {
    for (let at = 0; at < recorded.bytes.length; at += 4) {
      expect(wrong({ ...recorded, bytes: flipped(recorded.bytes, at) }), `byte ${at}`).toContain("image");
    }
  });

  test("in the entry after any step", () => {
    for (const [i] of recorded.states.entries()) {
      if (i === 0) continue;
      const states = recorded.states.map((one, k) => (k === i ? { ...one, text: flipped(one.text, 9) } : one));
      expect(wrong({ ...recorded, states }).join(), `step ${i}`).toContain(`entry after step ${i}`);
    }
  });

  test("in the released image, and in what its record says", () => {
    const released = { ...recorded.released!, bytes: flipped(recorded.released!.bytes, 1) };
    expect(wrong({ ...recorded, released })).toEqual(["image after its release"]);
    const { im } = RECORDED.find(([, { im }]) => im?.fields !== undefined)![1];
    const fields = { ...im!.fields!, size: im!.fields!.size + 4, ipEpilogue: 4 };
    const other = RECORDED.find(([, one]) => one.im === im)![1];
    expect(wrong({ ...other, im: { ...im!, fields } })).toEqual(["size of the image", "place where a release goes on"]);
  });
});

test("what is no trampoline is refused with the field that is wrong", () => {
  const [fields] = excerpts.trampolines;
  expect(isTrampoline(fields)).toBe(true);
  expect(isTrampoline({ family: "small" })).toBe(false);
  expect(readTrampoline({ ...fields, image: "0x5" })).toEqual({
    ok: false,
    message: 'image: expected a multiple of 4, found "0x5"',
  });
  expect(readTrampoline({ ...fields, kernel: "3.10" })).toMatchObject({
    ok: false,
    message: expect.stringContaining("kernel: expected one of Linux 6.12, 6.16"),
  });
  expect(readTrampoline({ ...fields, links: {} })).toMatchObject({
    ok: false,
    message: expect.stringContaining("links.fentry"),
  });
});
