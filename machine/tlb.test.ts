import { expect, test } from "vitest";
import { Tlb } from "./tlb.js";

test("an invalidation removes what it covers and leaves the rest", () => {
  const tlb = new Tlb();
  tlb.changed(0x4000, 0x4000, "rw");
  tlb.changed(0x9000, 0x1000, "rox");
  tlb.invalidate(0x5000, 0x1000);
  expect(tlb.stale).toEqual([
    { va: 0x4000, bytes: 0x1000, permission: "rw" },
    { va: 0x6000, bytes: 0x2000, permission: "rw" },
    { va: 0x9000, bytes: 0x1000, permission: "rox" },
  ]);
  expect(tlb.find(0x5000, 0x1000)).toBeUndefined();
  expect(tlb.find(0x7fff, 2)?.va).toBe(0x6000);
  tlb.invalidate(0x4000, 0x6000);
  expect(tlb.stale).toEqual([]);
});
