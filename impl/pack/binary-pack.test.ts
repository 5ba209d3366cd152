import { expect, test } from "vitest";
import { Machine } from "../../machine/machine.js";
import { PROFILES } from "../quirks.js";
import { bpfJitBinaryPackAlloc, bpfJitBinaryPackFinalize, bpfJitBinaryPackFree, headerOf } from "./binary-pack.js";
import { Modmem } from "./modmem.js";
import { ProgPacks } from "./prog-pack.js";

const BASE = 0x8000_8301_0000;
const kernel = (drawn: number, limit?: number) => ({
  packs: new ProgPacks(new Machine()),
  modmem: new Modmem(limit),
  random: () => drawn,
  quirks: PROFILES.fixed,
});

test("the image starts at an aligned place in the first chunk, in both mappings alike", () => {
  const k = kernel(47);
  const pack = bpfJitBinaryPackAlloc(k, 41, 8)!;
  expect(pack.size).toBe(128);
  expect([pack.roHeader, pack.roImage - pack.roHeader, pack.rwImage - pack.rwHeader]).toEqual([BASE, 48, 48]);
  expect(headerOf(pack.roImage)).toBe(BASE);
  const { machine } = k.packs;
  expect([machine.read32(pack.rwHeader), machine.read32(pack.rwHeader + 4)]).toEqual([128, 0xd4202000]);
  expect(machine.read32(pack.roHeader)).toBe(0xd4202000);
});

test.each([
  // Image bytes, what the random source is asked to stay below: the smaller of the slack and a chunk less the header.
  [40, 16],
  [41, 56],
  [80, 40],
  [104, 16],
])("an image of %i bytes leaves a hole of %i", (imageBytes, hole) => {
  const asked: number[] = [];
  const random = (below: number) => asked.push(below) - 1;
  bpfJitBinaryPackAlloc({ ...kernel(0), random }, imageBytes, 8);
  expect(asked).toEqual([hole]);
});

test("finalize copies the whole region once, free gives everything back", () => {
  const k = kernel(0);
  const { machine } = k.packs;
  const { roHeader, rwHeader, roImage, rwImage } = bpfJitBinaryPackAlloc(k, 8, 8)!;
  machine.write32(rwImage, 0xd65f03c0);
  expect(bpfJitBinaryPackFinalize(k, roHeader, rwHeader)).toBe(0);
  expect([machine.peek32(roHeader), machine.peek32(roImage), machine.peek32(roImage + 4)]).toEqual([
    64, 0xd65f03c0, 0xd4202000,
  ]);
  expect([0, 1].map((cpu) => machine.fetch(cpu, roHeader, 64))).toEqual([undefined, undefined]);
  expect([machine.usage.heapObjects, k.modmem.current]).toEqual([1, 64]);
  bpfJitBinaryPackFree(k, roHeader);
  expect([machine.usage.frames, k.modmem.current]).toEqual([0, 0]);
});

test("over the limit nothing is allocated unless the loader is capable", () => {
  const k = kernel(0, 127);
  expect(bpfJitBinaryPackAlloc(k, 80, 8)).toBeUndefined();
  expect([k.modmem.current, k.packs.packs.length]).toEqual([0, 0]);
  k.modmem.bpfCapable = true;
  expect(bpfJitBinaryPackAlloc(k, 80, 8)?.roHeader).toBe(BASE);
});

test.each(["vmalloc", "setPermission", "kvmalloc"] as const)("when %s fails everything is undone", (step) => {
  const k = kernel(0);
  k.packs.machine.failures.plan(step, 1);
  expect(bpfJitBinaryPackAlloc(k, 80, 8)).toBeUndefined();
  expect(k.packs.machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
  expect(k.modmem.current).toBe(0);
});
