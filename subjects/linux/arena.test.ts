import { expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import { Arena } from "./arena.js";

const MIB = 1 << 20;

test("what was given back in one size is there in another one when all of the room was used", () => {
  const arena = new Arena(new Machine());
  const kept = arena.alloc(64);
  const small = Array.from({ length: 15 }, () => arena.alloc(MIB));
  for (const va of small) arena.free(va);
  const large = arena.alloc(8 * MIB);
  expect(large).toBe(small[0]);
  expect(arena.alloc(4 * MIB)).toBe(large + 8 * MIB);
  expect([kept, large].map((va) => arena.isLive(va))).toEqual([true, true]);
  expect(() => arena.alloc(8 * MIB)).toThrow("16 MiB of programs and their parts");
});

test("between objects that live, a part of what lies side by side is used and the rest stays", () => {
  const arena = new Arena(new Machine());
  const places = Array.from({ length: 16 }, (_, i) => arena.alloc(i < 15 ? MIB : MIB - 64));
  for (const i of [3, 4, 5]) arena.free(places[i]!);
  expect(arena.alloc(2 * MIB)).toBe(places[3]);
  expect(arena.alloc(MIB)).toBe(places[5]);
  expect(() => arena.alloc(MIB)).toThrow("16 MiB");
});
