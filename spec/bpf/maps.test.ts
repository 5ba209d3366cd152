import { describe, expect, test } from "vitest";
import { BPF_EXIST, BPF_NOEXIST, E2BIG, EEXIST, EINVAL, ENOENT, MapStates, valuesBytes } from "./maps.js";
import { pointerTo, RegionMemory, zeroRegion } from "./memory.js";
import type { MapSpec } from "./program.js";
import { LAYOUT } from "./testing.js";

const BPF_ANY = 0n;
const VALUES = LAYOUT.maps[0]!.values.base;

function mapOf(spec: MapSpec) {
  const memory = new RegionMemory();
  memory.add(zeroRegion("map 0", VALUES, valuesBytes(spec)));
  const states = new MapStates([spec], LAYOUT, memory);
  return { states, memory, map: states.at(0)! };
}
const bytes = (...list: number[]): Uint8Array => Uint8Array.from(list);
const dumped = (states: MapStates): readonly number[] => [...states.dump(0)];

describe("an array", () => {
  const spec = { kind: "array", keyBytes: 4, valueBytes: 3, entries: 2 } as const;

  test("has its values 8 bytes apart", () => {
    const { map } = mapOf(spec);
    expect(map.lookup(bytes(0, 0, 0, 0))).toBe(pointerTo(VALUES));
    expect(map.lookup(bytes(1, 0, 0, 0))).toBe(pointerTo(VALUES + 8));
  });

  test.each([
    [2, 0, 0, 0],
    [0, 0, 0, 0x80],
  ])("has no element %i %i %i %i", (...key) => {
    const { map } = mapOf(spec);
    expect(map.lookup(bytes(...key))).toBe(0n);
    expect(map.update(bytes(...key), bytes(1, 2, 3), BPF_ANY)).toBe(E2BIG);
  });

  test("an update overwrites the value", () => {
    const { map, states } = mapOf(spec);
    expect(map.update(bytes(1, 0, 0, 0), bytes(1, 2, 3), BPF_ANY)).toBe(0n);
    expect(map.update(bytes(0, 0, 0, 0), bytes(4, 5, 6), BPF_EXIST)).toBe(0n);
    expect(dumped(states)).toEqual([4, 5, 6, 0, 0, 0, 0, 0, 1, 2, 3, 0, 0, 0, 0, 0]);
  });

  test.each([
    ["NOEXIST", BPF_NOEXIST, EEXIST],
    ["3", 3n, EINVAL],
    ["F_LOCK", 4n, EINVAL],
    ["F_LOCK and NOEXIST", 5n, EEXIST],
    ["a large number", 0x1_0000_0000n, EINVAL],
  ])("an update with flags %s is refused", (_, flags, error) => {
    expect(mapOf(spec).map.update(bytes(0, 0, 0, 0), bytes(1, 2, 3), flags)).toBe(error);
  });

  test("cannot delete", () => {
    expect(mapOf(spec).map.delete(bytes(0, 0, 0, 0))).toBe(EINVAL);
  });
});

describe("a hash map", () => {
  const spec = { kind: "hash", keyBytes: 2, valueBytes: 1, entries: 2 } as const;
  const [a, b, c] = [bytes(2, 1), bytes(1, 2), bytes(0, 0)];

  test("starts empty", () => {
    const { map, states } = mapOf(spec);
    expect(map.lookup(a)).toBe(0n);
    expect(dumped(states)).toEqual([]);
  });

  test("is dumped in the order of the keys' bytes", () => {
    const { map, states } = mapOf(spec);
    expect(map.update(a, bytes(7), BPF_ANY)).toBe(0n);
    expect(map.update(b, bytes(8), BPF_NOEXIST)).toBe(0n);
    expect(dumped(states)).toEqual([1, 2, 8, 2, 1, 7]);
  });

  test("a program's store through the pointer shows", () => {
    const { map, memory, states } = mapOf(spec);
    map.update(a, bytes(7), BPF_ANY);
    expect(memory.write(map.lookup(a), bytes(9))).toBe(true);
    expect(dumped(states)).toEqual([2, 1, 9]);
  });

  test("an update of a present key keeps its place", () => {
    const { map, states } = mapOf(spec);
    map.update(a, bytes(7), BPF_ANY);
    const before = map.lookup(a);
    expect(map.update(a, bytes(8), BPF_EXIST)).toBe(0n);
    expect(map.lookup(a)).toBe(before);
    expect(dumped(states)).toEqual([2, 1, 8]);
  });

  test("refuses what the flags forbid", () => {
    const { map } = mapOf(spec);
    expect(map.update(a, bytes(7), BPF_EXIST)).toBe(ENOENT);
    map.update(a, bytes(7), BPF_ANY);
    expect(map.update(a, bytes(8), BPF_NOEXIST)).toBe(EEXIST);
    expect(map.update(a, bytes(8), 3n)).toBe(EINVAL);
    expect(map.update(a, bytes(8), 4n)).toBe(EINVAL);
  });

  test("refuses a key too many, but not an update", () => {
    const { map } = mapOf(spec);
    map.update(a, bytes(1), BPF_ANY);
    map.update(b, bytes(2), BPF_ANY);
    expect(map.update(c, bytes(3), BPF_ANY)).toBe(E2BIG);
    expect(map.update(c, bytes(3), BPF_EXIST)).toBe(ENOENT);
    expect(map.update(b, bytes(3), BPF_ANY)).toBe(0n);
  });

  test("a deleted key is gone and makes room in its place", () => {
    const { map, states } = mapOf(spec);
    map.update(a, bytes(1), BPF_ANY);
    map.update(b, bytes(2), BPF_ANY);
    const place = map.lookup(a);
    expect(map.delete(a)).toBe(0n);
    expect(map.delete(a)).toBe(ENOENT);
    expect(map.lookup(a)).toBe(0n);
    expect(map.update(c, bytes(3), BPF_ANY)).toBe(0n);
    expect(map.lookup(c)).toBe(place);
    expect(dumped(states)).toEqual([0, 0, 3, 1, 2, 2]);
  });
});

describe("the maps of a run", () => {
  test("are found by the address of their object and no other", () => {
    const { states } = mapOf({ kind: "progArray", entries: 1, programs: [undefined] });
    const object = pointerTo(LAYOUT.maps[0]!.object.base);
    expect(states.byPointer(object)).toMatchObject({ index: 0, spec: { kind: "progArray" } });
    expect(states.byPointer(object + 1n)).toBeUndefined();
  });

  test("a prog array has no operations and no bytes", () => {
    const { states } = mapOf({ kind: "progArray", entries: 1, programs: [undefined] });
    expect(states.at(0)).toBeUndefined();
    expect(dumped(states)).toEqual([]);
  });

  test("a layout without room for the values is a slip", () => {
    const large = { kind: "array", keyBytes: 4, valueBytes: 8, entries: 1000 } as const;
    expect(() => new MapStates([large], LAYOUT, new RegionMemory())).toThrow("needs 8000 bytes");
  });
});
