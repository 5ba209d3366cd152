// Every bitmask immediate, made by the rule itself (rotate a run of ones in an element, repeat the element), must encode
// to the fields that it was made from; what is not among them must be refused.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { assertLaw } from "../../testing/law.js";
import { bitmask } from "./bitmask.js";

/** Value -> N:immr:imms, for all immediates of a width. */
function all(width: 32 | 64): Map<bigint, number> {
  const out = new Map<bigint, number>();
  for (let bits = 2; bits <= width; bits *= 2) {
    for (let ones = 1; ones < bits; ones++) {
      for (let rotate = 0; rotate < bits; rotate++) {
        const size = BigInt(bits);
        const run = (1n << BigInt(ones)) - 1n;
        const element = ((run >> BigInt(rotate)) | (run << (size - BigInt(rotate)))) & ((1n << size) - 1n);
        let value = 0n;
        for (let at = 0n; at < BigInt(width); at += size) value |= element << at;
        const sizeMark = bits === 64 ? 0 : 0x3f & ~(2 * bits - 1);
        out.set(value, ((bits === 64 ? 1 : 0) << 12) | (rotate << 6) | sizeMark | (ones - 1));
      }
    }
  }
  return out;
}

const ALL64 = all(64);
const ALL32 = all(32);
const BITS = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
const high = (value: bigint): number => Number(value >> 32n);
const low = (value: bigint): number => Number(value & 0xffff_ffffn);

describe("bitmask immediates", () => {
  test("there are 5334 of 64 bits and 1302 of 32 bits, and each encodes", () => {
    expect([ALL64.size, ALL32.size]).toEqual([5334, 1302]);
    const wrong64 = [...ALL64].filter(([value, field]) => bitmask(1, high(value), low(value)) !== field);
    const wrong32 = [...ALL32].filter(([value, field]) => bitmask(0, 0, low(value)) !== field);
    expect([wrong64, wrong32]).toEqual([[], []]);
  });

  test("halves may be signed", () => {
    const wrong = [...ALL64].filter(([value, field]) => bitmask(1, high(value) | 0, low(value) | 0) !== field);
    expect(wrong).toEqual([]);
  });

  test("neighbours of immediates encode only if they are immediates themselves", () => {
    const neighbours = [...ALL64.keys()].flatMap((value) => BITS.map((bit) => value ^ bit));
    const wrong = neighbours.filter((value) => bitmask(1, high(value), low(value)) !== (ALL64.get(value) ?? -2));
    expect(wrong).toEqual([]);
  });

  test("random values encode only if they are immediates", () => {
    assertLaw(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (value) => {
        expect(bitmask(1, high(value), low(value))).toBe(ALL64.get(value) ?? -2);
        expect(bitmask(0, high(value), low(value))).toBe(ALL32.get(value & 0xffff_ffffn) ?? -2);
      }),
      { seed: 1, numRuns: 20_000 },
    );
  });

  test("neither no bits nor all bits", () => {
    expect([bitmask(1, 0, 0), bitmask(1, -1, -1), bitmask(0, 5, 0), bitmask(0, 5, -1)]).toEqual([-2, -2, -2, -2]);
  });
});
