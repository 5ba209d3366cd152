import { expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { ProgPacks } from "./prog-pack.js";

const BASE = 0x8000_8301_0000;
const PACK = 2 * 1024 * 1024;
const BREAK = 0xd420_2000;
const at = (chunk: number): RoAddr => (BASE + chunk * 64) as RoAddr;

test("programs share a pack in chunks, first fit", () => {
  const packs = new ProgPacks(new Machine());
  expect([1, 64, 65, 200].map((size) => packs.bpfProgPackAlloc(size))).toEqual([at(0), at(1), at(2), at(4)]);
  packs.bpfProgPackFree(at(1), 64);
  packs.bpfProgPackFree(at(2), 65);
  expect(packs.bpfProgPackAlloc(4 * 64)).toBe(at(8));
  expect(packs.bpfProgPackAlloc(3 * 64)).toBe(at(1));
});

test("a pack is executable and holds only illegal instructions", () => {
  const machine = new Machine();
  const packs = new ProgPacks(machine);
  packs.bpfProgPackAlloc(64);
  expect(machine.mapping(BASE + PACK - 1)?.permission).toBe("rox");
  expect(machine.staleTranslations).toEqual([]);
  expect([machine.peek32(BASE), machine.peek32(BASE + PACK - 4)]).toEqual([BREAK, BREAK]);
});

test("freed text is illegal again before its chunks are", () => {
  const machine = new Machine();
  const packs = new ProgPacks(machine);
  packs.bpfProgPackAlloc(64);
  const place = packs.bpfProgPackAlloc(128)!;
  machine.poke(place, new Uint8Array(128));
  machine.onEvent = (event) => {
    if (event.kind === "ipi") expect(packs.packs[0]?.bitmap.count).toBe(3);
  };
  packs.bpfProgPackFree(place, 128);
  expect(new Set(new Uint32Array(machine.peek(place, 128).slice().buffer))).toEqual(new Set([BREAK]));
  expect(packs.packs[0]?.bitmap.count).toBe(1);
});

test("a second pack is made when the first has no room, and an empty pack is returned", () => {
  const machine = new Machine();
  const packs = new ProgPacks(machine);
  const a = packs.bpfProgPackAlloc(PACK - 64)!;
  const b = packs.bpfProgPackAlloc(128)!;
  expect(b).toBe(BASE + PACK + 4096);
  expect(packs.bpfProgPackAlloc(64)).toBe(at(PACK / 64 - 1));
  packs.bpfProgPackFree(b, 128);
  expect(packs.packs.map(({ base }) => base)).toEqual([BASE]);
  packs.bpfProgPackFree(at(PACK / 64 - 1), 64);
  packs.bpfProgPackFree(a, PACK - 64);
  expect(machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
});

test("more than a pack gets pages of its own", () => {
  const machine = new Machine();
  const packs = new ProgPacks(machine);
  const place = packs.bpfProgPackAlloc(PACK + 64)!;
  expect([place, packs.packs.length, machine.mapping(place + PACK)?.permission]).toEqual([BASE, 0, "rox"]);
  packs.bpfProgPackFree(place, PACK + 64);
  expect(machine.usage.areas).toBe(0);
});

test("each NUMA node makes packs 2 MiB larger", () => {
  expect(new ProgPacks(new Machine(), { nodes: 4 }).packBytes).toBe(4 * PACK);
});

test("a double free, a wrong size and a foreign pointer are caught", () => {
  const packs = new ProgPacks(new Machine());
  packs.bpfProgPackAlloc(64);
  const place = packs.bpfProgPackAlloc(64)!;
  expect(() => packs.bpfProgPackFree(place, 65)).toThrow("chunks 1+2 are freed but not all taken");
  expect(packs.machine.packMutex.holder).toBeUndefined();
  packs.bpfProgPackFree(place, 64);
  expect(() => packs.bpfProgPackFree(place, 64)).toThrow("not all taken");
  expect(() => packs.bpfProgPackFree(0x1000 as RoAddr, 64)).toThrow("free of 0x1000, which is in no pack");
});

test.each(["vmalloc", "setPermission"] as const)("when %s fails for a new pack nothing is left of it", (step) => {
  const machine = new Machine();
  const packs = new ProgPacks(machine);
  machine.failures.plan(step, 1);
  expect(packs.bpfProgPackAlloc(64)).toBeUndefined();
  expect([packs.packs.length, machine.usage.frames, machine.packMutex.holder]).toEqual([0, 0, undefined]);
  expect(packs.bpfProgPackAlloc(64)).toBe(BASE);
});
