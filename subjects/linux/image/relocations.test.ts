import { expect, test } from "vitest";
import { relrPlaces, relrTable } from "./relocations.js";

const BASE = 0x8000_8000_0000;
/** As it is written. */
const pointer = (va: number): bigint => 0xffff_0000_0000_0000n | BigInt(va);

function imageOf(...words: readonly bigint[]) {
  const bytes = new Uint8Array(8 * words.length);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setBigUint64(8 * i, word, true);
  return bytes;
}
const placesOf = (...words: readonly bigint[]): readonly number[] =>
  relrPlaces(imageOf(...words), BASE, { from: BASE, to: BASE + 8 * words.length }).map((va) => va - BASE);

test.each([
  { words: [], places: [] },
  { words: [pointer(BASE + 0x100)], places: [0x100] },
  { words: [pointer(BASE + 0x100), pointer(BASE + 0x200)], places: [0x100, 0x200] },
  // The word behind the first one, the third, the 32nd and the 63rd.
  {
    words: [pointer(BASE + 0x100), 1n | (1n << 1n) | (1n << 3n) | (1n << 32n) | (1n << 63n)],
    places: [0x100, 0x108, 0x118, 0x108 + 8 * 31, 0x108 + 8 * 62],
  },
  // A second bitmap goes on behind the 63 words of the first.
  { words: [pointer(BASE + 0x100), 1n, 3n], places: [0x100, 0x108 + 8 * 63] },
])("a RELR table of $words.length words tells of $places.length pointers", ({ words, places }) => {
  expect(placesOf(...words)).toEqual(places);
});

test("a table that reaches out of the image ends with it", () => {
  const image = imageOf(pointer(BASE), pointer(BASE + 8));
  expect(relrPlaces(image, BASE, { from: BASE - 64, to: BASE + 1024 })).toEqual([BASE, BASE + 8]);
});

test("the table lies between two symbols, if the image has both", () => {
  const having = (...names: readonly string[]) => ({
    address: (name: string) => (names.includes(name) ? BASE : undefined),
  });
  expect(relrTable(having("__pi_relr_start", "__pi_relr_end"))).toEqual({ from: BASE, to: BASE });
  expect(relrTable(having("__pi_relr_start"))).toBeUndefined();
});
