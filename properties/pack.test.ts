// The pack allocator against the reference: same addresses for any history of allocations and frees, illegal
// instructions wherever no program lives, and nothing left in the end.

import fc from "fast-check";
import { expect, test } from "vitest";
import type { RoAddr } from "../machine/address.js";
import { Machine } from "../machine/machine.js";
import { ReferenceAllocator } from "../spec/pack/allocator.js";
import { ReferenceText } from "../spec/text/text.js";
import { defaultSubject } from "../subjects/index.js";
import type { SubjectKernel } from "../subjects/subject.js";
import { assertLaw } from "../testing/law.js";

const PACK_BYTES = 16384;

interface Model {
  readonly allocator: ReferenceAllocator;
  readonly text: ReferenceText;
  /** Where the real allocator's next pages were mapped: not the allocator's decision. */
  readonly mapped: number[];
  readonly live: { readonly at: number; readonly bytes: number }[];
}
type Command = fc.Command<Model, SubjectKernel>;

/** Allocate and write a program there. */
const load = (bytes: number): Command => ({
  check: () => true,
  run(model, kernel) {
    const { machine, packs } = kernel;
    const got = packs.bpfProgPackAlloc(bytes)!;
    expect(got).toBe(model.allocator.alloc(bytes));
    model.live.push({ at: got, bytes });
    const image = new Uint8Array(bytes).fill(model.live.length % 256);
    const buffer = machine.kvmalloc(bytes)!;
    machine.write(buffer, image);
    kernel.aarch64InsnCopy(got, buffer, bytes);
    machine.kvfree(buffer);
    model.text.stored(got, image);
    for (let cpu = 0; cpu < machine.cpus; cpu++) expect(machine.fetch(cpu, got, bytes)).toBeUndefined();
    agree(model, kernel);
  },
  toString: () => `load ${bytes} B`,
});

const free = (which: number): Command => ({
  check: ({ live }) => live.length > 0,
  run(model, kernel) {
    const { machine, packs } = kernel;
    const [{ at, bytes } = { at: 0, bytes: 0 }] = model.live.splice(which % model.live.length, 1);
    packs.bpfProgPackFree(at as RoAddr, bytes);
    const freed = model.allocator.free(at);
    if (freed.kind === "chunks") model.text.freed(at, bytes);
    else {
      model.text.unmapped(freed.base);
      expect(machine.mapping(freed.base)).toBeUndefined();
    }
    agree(model, kernel);
  },
  toString: () => `free #${which}`,
});

function agree({ allocator, text }: Model, { machine, packs, warnings }: SubjectKernel): void {
  expect(packs.packs.map(({ base }) => base)).toEqual(allocator.packs.map(({ base }) => base));
  expect(text.difference((address, bytes) => machine.peek(address, bytes))).toBeUndefined();
  expect([machine.staleTranslations, warnings]).toEqual([[], []]);
}

function setUp(): { readonly model: Model; readonly real: SubjectKernel } {
  const machine = new Machine();
  const text = new ReferenceText();
  const mapped: number[] = [];
  machine.onEvent = (event) => {
    if (event.kind !== "setPermission" || event.permission !== "rox") return;
    mapped.push(event.va);
    text.mapped(event.va, event.bytes);
  };
  const allocator = new ReferenceAllocator(() => mapped.shift(), PACK_BYTES);
  const real = defaultSubject.boot({ machine, random: () => 0, packBytes: PACK_BYTES });
  return { model: { allocator, text, mapped, live: [] }, real };
}

const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 1, max: 400 }).map((words) => words * 4) },
  { weight: 2, arbitrary: fc.integer({ min: 1500, max: PACK_BYTES / 4 }).map((words) => words * 4) },
  { weight: 1, arbitrary: fc.integer({ min: PACK_BYTES / 4 - 16, max: PACK_BYTES / 2 }).map((words) => words * 4) },
);

test("every allocation goes where the reference puts it, and text memory holds what it must", () => {
  const commands = fc.commands([size.map(load), fc.nat(1000).map(free), fc.nat(1000).map(free)], {
    maxCommands: 60,
    size: "max",
  });
  assertLaw(
    fc.property(commands, (history) => {
      const { model, real } = setUp();
      fc.modelRun(() => ({ model, real }), history);
      while (model.live.length > 0) free(0).run(model, real);
      expect(real.machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
    }),
    { seed: 20240124, numRuns: 100 },
  );
});
