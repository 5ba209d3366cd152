import { expect, test } from "vitest";
import { ReferenceAllocator } from "./allocator.js";

/** Packs of 640 bytes (ten chunks) at 0x1000, 0x2000, ... */
function small(): ReferenceAllocator {
  let next = 0;
  return new ReferenceAllocator(() => (next += 0x1000), 640);
}

test("the lowest hole that is large enough is taken", () => {
  const allocator = small();
  expect([1, 128, 64, 65].map((bytes) => allocator.alloc(bytes))).toEqual([0x1000, 0x1040, 0x10c0, 0x1100]);
  allocator.free(0x1040);
  allocator.free(0x1000);
  expect([256, 192, 64].map((bytes) => allocator.alloc(bytes))).toEqual([0x1180, 0x1000, 0x2000]);
});

test("an empty pack goes back, a later one does not take its place in the order", () => {
  const allocator = small();
  expect([640, 640, 320].map((bytes) => allocator.alloc(bytes))).toEqual([0x1000, 0x2000, 0x3000]);
  expect(allocator.free(0x1000)).toEqual({ kind: "packReturned", base: 0x1000 });
  expect([320, 320].map((bytes) => allocator.alloc(bytes))).toEqual([0x3140, 0x4000]);
  expect(allocator.free(0x3140)).toEqual({ kind: "chunks" });
  expect(() => allocator.free(0x3140)).toThrow("nothing was allocated at 0x3140");
});

test("more than a pack gets pages of its own", () => {
  const allocator = small();
  expect(allocator.alloc(641)).toBe(0x1000);
  expect(allocator.packs).toEqual([]);
  expect(allocator.free(0x1000)).toEqual({ kind: "pagesReturned", base: 0x1000 });
});

test("without pages there is no allocation", () => {
  const allocator = new ReferenceAllocator(() => undefined);
  expect([allocator.alloc(64), allocator.alloc(2 ** 22)]).toEqual([undefined, undefined]);
  expect([allocator.packs, allocator.large]).toEqual([[], []]);
});
