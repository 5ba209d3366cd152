import { expect, test } from "vitest";
import { CHUNK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { defaultSubject } from "../../subjects/index.js";
import { Draw } from "../../subjects/random/draw.js";
import { randomSource } from "../../subjects/random/source.js";
import { fillOverTime, type SizeEvent } from "./over-time.js";
import { PackSpace, POLICIES } from "./policies.js";
import { sizeEvents } from "./sources.js";

const PACK_BYTES = 4096;

/** Loads and frees of 64 to 1,024 bytes. */
function drawn(seed: number, count: number): readonly SizeEvent[] {
  const draw = new Draw(randomSource(seed, 0));
  const live: number[] = [];
  return Array.from({ length: count }, (_, id): SizeEvent => {
    if (live.length > 0 && draw.chance(45)) {
      return { kind: "free", id: live.splice(draw.below(live.length), 1)[0]! };
    }
    live.push(id);
    const bytes = CHUNK_BYTES * draw.between(1, 16);
    return { kind: "load", id, bytes, code: bytes - 8 };
  });
}

test("first fit goes where the reference allocator goes", () => {
  const reference = new ReferenceAllocator(() => next++ * 2 * PACK_BYTES, PACK_BYTES);
  const { find } = POLICIES[0]!;
  let next = 1;
  const packs: PackSpace[] = [];
  const places = new Map<number, { readonly at: number; readonly slot: ReturnType<PackSpace["take"]> }>();
  for (const event of drawn(1, 600)) {
    if (event.kind === "free") {
      const { at, slot } = places.get(event.id)!;
      reference.free(at);
      slot.pack.give(slot);
      if (slot.pack.used === 0) packs.splice(packs.indexOf(slot.pack), 1);
      continue;
    }
    const at = reference.alloc(event.bytes)!;
    const chunks = event.bytes / CHUNK_BYTES;
    let slot = find(packs, chunks);
    if (slot === undefined) {
      packs.push(new PackSpace(PACK_BYTES / CHUNK_BYTES));
      slot = packs.at(-1)!.take(0, chunks);
    }
    const pack = reference.packs[packs.indexOf(slot.pack)]!;
    expect(pack.base + slot.start * CHUNK_BYTES).toBe(at);
    places.set(event.id, { at, slot });
  }
});

test("what is mapped is code, slack, holes and the rest, at every moment", () => {
  for (const { samples, packBytes } of fillOverTime(drawn(2, 400), [PACK_BYTES, 65536])) {
    for (const { mapped, code, slack, holes } of samples) {
      expect(mapped % packBytes).toBe(0);
      expect(code + slack + holes).toBeLessThanOrEqual(mapped);
      expect(Math.min(code, slack, holes)).toBeGreaterThanOrEqual(0);
    }
  }
});

test("a gap that fits exactly is taken by best fit, the lowest one by first fit", () => {
  const events: SizeEvent[] = [3, 1, 1, 1].map((n, id) => ({ kind: "load", id, bytes: 64 * n, code: 64 * n }));
  const holes = [0, 2].map((id): SizeEvent => ({ kind: "free", id }));
  const last: SizeEvent = { kind: "load", id: 9, bytes: 64, code: 64 };
  const [first, best] = fillOverTime([...events, ...holes, last, { kind: "free", id: 3 }], [PACK_BYTES]);
  expect([first?.samples.at(-1)?.holes, best?.samples.at(-1)?.holes]).toEqual([2 * 64, 3 * 64]);
});

test("everything freed leaves nothing mapped", () => {
  const events = drawn(3, 300);
  const live = new Set(events.filter(({ kind }) => kind === "load").map(({ id }) => id));
  for (const { kind, id } of events) if (kind === "free") live.delete(id);
  const rows = fillOverTime([...events, ...[...live].map((id): SizeEvent => ({ kind: "free", id }))], [PACK_BYTES]);
  for (const { samples } of rows) expect(samples.at(-1)).toMatchObject({ mapped: 0, code: 0, slack: 0, holes: 0 });
});

test("a workload is a source, and what holds no load is refused", async () => {
  const events = await sizeEvents("stresser", defaultSubject, 1);
  expect(events.ok && events.value.length).toBe(320);
  const burst = await sizeEvents("tracing_burst", defaultSubject, 1);
  // Programs, and trampolines.
  expect(burst.ok && burst.value.length).toBe(2 * 51 + 2 * 1000);
  expect(await sizeEvents("nothing.history", defaultSubject, 1)).toMatchObject({ ok: false });
});
