import { expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import { Area } from "./area.js";
import { PAGE_BYTES } from "./layout.js";

const BASE = 0x1000_0000;

test("a region reads as what was placed, zeroes behind it", () => {
  const area = new Area("a", new Machine());
  area.place({ base: BASE + PAGE_BYTES - 4, bytes: 4 }, Uint8Array.of(1, 2));
  expect([...area.bytes()]).toEqual([1, 2, 0, 0]);
});

test("a region that spans pages is placed whole", () => {
  const area = new Area("a", new Machine());
  const bytes = Uint8Array.from({ length: PAGE_BYTES + 100 }, (_, i) => i * 7);
  area.place({ base: BASE + PAGE_BYTES - 100, bytes: bytes.length }, bytes);
  expect(area.bytes()).toEqual(bytes);
  expect(area.trespass()).toBeUndefined();
});

test("a byte written before or behind a region is found, one within is not", () => {
  const machine = new Machine();
  const area = new Area("a", machine);
  const range = { base: BASE + 100, bytes: 8 };
  area.place(range, new Uint8Array(8));
  machine.poke(range.base + 7, Uint8Array.of(1));
  expect(area.trespass()).toBeUndefined();
  machine.poke(range.base - 1, Uint8Array.of(1));
  expect(area.trespass()).toBe(range.base - 1);
  area.place(range, new Uint8Array(8));
  machine.poke(range.base + 8, Uint8Array.of(1));
  expect(area.trespass()).toBe(range.base + 8);
});

test("nothing stays mapped of a region that is gone", () => {
  const machine = new Machine();
  const area = new Area("a", machine);
  area.place({ base: BASE, bytes: 8 }, new Uint8Array(8));
  area.place({ base: 0, bytes: 0 }, new Uint8Array());
  expect(machine.mapping(BASE)).toBeUndefined();
  expect(machine.staleTranslations).toEqual([]);
});

test("a region may lie where another one has left, and stays mapped", () => {
  const machine = new Machine();
  const areas = [new Area("a", machine), new Area("b", machine)];
  const rangesFrom = (page: number) => [0, 1].map((i) => ({ base: BASE + (page + i) * PAGE_BYTES, bytes: 8 }));
  for (const ranges of [rangesFrom(0), rangesFrom(1), rangesFrom(0)]) {
    for (const [i, area] of areas.entries()) area.leave(ranges[i]!);
    for (const [i, area] of areas.entries()) area.place(ranges[i]!, Uint8Array.of(i + 1));
    expect(areas.map((area) => area.bytes()[0])).toEqual([1, 2]);
    machine.poke(ranges[0]!.base + 8, Uint8Array.of(1));
    expect(areas[0]!.trespass()).toBe(ranges[0]!.base + 8);
  }
});

test("what is around a region that the subject has mapped is its own, and no page is taken for the subject's", () => {
  const machine = new Machine();
  const area = new Area("a", machine);
  const range = { base: BASE + 64, bytes: 8 };
  machine.map(BASE, PAGE_BYTES, "rw");
  area.place(range, Uint8Array.of(1), true);
  machine.poke(BASE, Uint8Array.of(1));
  expect(area.trespass()).toBeUndefined();
  area.place({ base: 0, bytes: 0 }, new Uint8Array());
  expect(machine.mapping(BASE)).toBeDefined();
  expect(() => area.place(range, Uint8Array.of(1))).toThrow("is already mapped");
});
