import { describe, expect, test } from "vitest";
import { parseHistory } from "../../properties/cases/history/text.js";
import type { PackEvent } from "./data.js";
import { aliveAt, livesOf, occupancy, stretches, tiles } from "./pack-history.js";
import { memoryMap, packHistory, shownPacks, triedOf } from "./pack-map.js";

const map = (at: number, bytes: number): PackEvent => ({ kind: "map", at, bytes });
const load = (id: number, at: number, bytes: number, used: number): PackEvent => ({
  kind: "load",
  id,
  at,
  bytes,
  used,
});
const free = (id: number): PackEvent => ({ kind: "free", id });
const history = (...events: readonly PackEvent[]) => ({ about: "", chunkBytes: 64, pageBytes: 4096, events });

const THREE = history(map(8192, 4096), load(0, 8192, 128, 100), load(1, 8320, 64, 60), free(0), load(2, 8384, 64, 64));

test("programs live from their load to their free, or to the end", () => {
  expect(livesOf(THREE)).toEqual({
    steps: 5,
    bands: [{ at: 8192, bytes: 4096, offset: 0 }],
    programs: [
      { id: 0, at: 8192, bytes: 128, used: 100, from: 1, to: 3 },
      { id: 1, at: 8320, bytes: 64, used: 60, from: 2, to: 5 },
      { id: 2, at: 8384, bytes: 64, used: 64, from: 4, to: 5 },
    ],
  });
});

test("a region that comes back at its address is one band, and bands lie in order of address", () => {
  const { bands } = livesOf(history(map(65536, 1000), { kind: "unmap", at: 65536 }, map(0, 1000), map(65536, 1000)));
  expect(bands).toEqual([
    { at: 0, bytes: 1000, offset: 0 },
    { at: 65536, bytes: 1000, offset: 1080 },
  ]);
});

test("an identifier may be used again after its free", () => {
  const { programs } = livesOf(history(map(0, 4096), load(7, 0, 64, 8), free(7), load(7, 64, 64, 8)));
  expect(programs.map(({ at, from, to }) => [at, from, to])).toEqual([
    [0, 1, 2],
    [64, 3, 4],
  ]);
});

describe("what the bytes are", () => {
  const { bands, programs } = livesOf(THREE);
  const band = bands[0]!;

  test("a hole is free memory below a live program", () => {
    expect(stretches(band, aliveAt(programs, 3))).toEqual([
      { use: "hole", start: 8192, end: 8320 },
      { use: "even", start: 8320, end: 8380 },
      { use: "slack", start: 8380, end: 8384 },
      { use: "rest", start: 8384, end: 12288 },
    ]);
  });

  test("and they add up", () => {
    expect(occupancy(bands, aliveAt(programs, 3))).toEqual({
      ...{ programs: 1, used: 60, slack: 4, holes: 128, largestHole: 128, rest: 3904 },
    });
  });

  test("rows begin at multiples of their length", () => {
    expect(tiles([{ use: "even", start: 8320, end: 8400 }], 64)).toEqual([
      { use: "even", row: 0, from: 0, to: 64 },
      { use: "even", row: 1, from: 0, to: 16 },
    ]);
    expect(tiles([{ use: "odd", start: 100, end: 140 }], 64)).toEqual([
      { use: "odd", row: 0, from: 36, to: 64 },
      { use: "odd", row: 1, from: 0, to: 12 },
    ]);
  });
});

test("the picture is the same for the same seed, and no two of its programs overlap", () => {
  const shown = shownPacks(triedOf(7, 6000))!;
  expect(shownPacks(triedOf(7, 6000))).toEqual(shown);
  expect(shown.about).toMatch(/^History \d+ of this run, the fullest of 32: \d+ actions on packs of \d+ KiB\.$/);
  const { programs, bands, steps } = livesOf(shown);
  expect(bands.length).toBeGreaterThan(1);
  for (let step = 0; step < steps; step++) {
    const alive = [...aliveAt(programs, step)].sort((a, b) => a.at - b.at);
    for (const [i, { at, bytes, used }] of alive.entries()) {
      expect(used).toBeLessThanOrEqual(bytes);
      expect(at + bytes).toBeLessThanOrEqual(alive[i + 1]?.at ?? Number.POSITIVE_INFINITY);
    }
  }
});

test("what a history does to its packs ends as the map of its memory says", () => {
  const text =
    "pack: 8192 B\n\nload #0 (r0 = 1 .., 10 insns)\nload #1 (r0 = 2 .., 40 insns)\nfree #0\n" +
    "load #2 (r0 = 3 .., 2500 insns)\nattach #1 (fentry recorder)\n";
  const parsed = parseHistory(text);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const shown = packHistory(parsed.value, "");
  // The load that has pages of its own is left out.
  expect(shown.events.map(({ kind }) => kind)).toEqual(["map", "load", "load", "free", "load"]);
  const { programs, steps } = livesOf(shown);
  const [pack] = memoryMap(parsed.value).packs;
  expect(aliveAt(programs, steps - 1).map(({ at, bytes }) => [at - pack!.base, bytes])).toEqual(
    pack?.pieces.map(({ first, chunks }) => [64 * first, 64 * chunks]),
  );
});

test("histories that put nothing into packs are no picture", () => {
  const parsed = parseHistory("images: pages\n\nload #0 (r0 = 1 .., 10 insns)\n");
  if (!parsed.ok) throw new Error(parsed.error.message);
  expect(packHistory(parsed.value, "").events).toEqual([]);
  expect(shownPacks([{ history: parsed.value, which: "The one" }])).toBeUndefined();
  expect(shownPacks([])).toBeUndefined();
});
