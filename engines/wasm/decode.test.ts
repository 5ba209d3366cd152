// The interpreter has a decoder of its own. It must know the words that the reference knows, and no others: a word that one
// engine runs and the other refuses would be a disagreement about nothing that the code did.

import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "../../spec/a64/decode.js";
import { assertLaw } from "../../testing/law.js";
import { Host } from "./host.js";

const { interpreter } = new Host(0);

/** The first of the words on which the two decoders differ. */
function firstDifference(words: Iterable<number>): string | undefined {
  for (const word of words) {
    const known = interpreter.knows(word) !== 0;
    if (known === (decode(word) !== undefined)) continue;
    return `${word.toString(16).padStart(8, "0")} is ${known ? "known" : "unknown"} to the interpreter alone`;
  }
  return undefined;
}

/** A word for every combination of the bits above the registers, which choose the instruction; the rest by hash. */
function* everyClass(): Iterable<number> {
  for (let top = 0; top < 1 << 17; top++) {
    const mixed = Math.imul(top, 0x9e37_79b1) >>> 17;
    yield ((top << 15) | mixed) >>> 0;
    yield ((top << 15) | (mixed & 0x1f)) >>> 0;
  }
}

function* flips(word: number): Iterable<number> {
  yield word;
  for (let bit = 0; bit < 32; bit++) yield (word ^ (1 << bit)) >>> 0;
}

test("every combination of the upper 17 bits is known to both or to neither", () => {
  expect(firstDifference(everyClass())).toBeUndefined();
});

test("every system, hint and exception word is known to both or to neither", () => {
  function* words(): Iterable<number> {
    for (let low = 0; low < 1 << 20; low++) yield (0xd500_0000 + low) >>> 0;
    for (let low = 0; low < 1 << 15; low++) yield (0xd538_0000 + (low << 5)) >>> 0;
    for (let low = 0; low < 1 << 24; low += 13) yield (0xd400_0000 + low) >>> 0;
  }
  expect(firstDifference(words())).toBeUndefined();
});

test("random words, and every word that differs from them in one bit", () => {
  assertLaw(
    fc.property(fc.array(fc.nat(0xffff_ffff), { minLength: 50, maxLength: 50 }), (words) => {
      expect(firstDifference(words.flatMap((word) => [...flips(word)]))).toBeUndefined();
    }),
    { seed: 1, numRuns: 500 },
  );
});
