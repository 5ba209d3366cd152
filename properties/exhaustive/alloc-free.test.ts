import { expect, test } from "vitest";
import { defaultSubject } from "../../subjects/index.js";
import type { Subject, SubjectKernel } from "../../subjects/subject.js";
import { triesAll } from "../../testing/law.js";
import { type AllocFreeScope, AllocFreeSearch, allocFreeHistories, expand } from "./alloc-free.js";

const ANY = Number.POSITIVE_INFINITY;
/** One chunk, a few, half of the pack, all of it, more than it. */
const TELLING = [1, 3, 8, 16, 17];
const ALL = Array.from({ length: 17 }, (_, i) => i + 1);
const scope = (sizes: readonly number[], length: number, packs: number): AllocFreeScope => ({
  packChunks: 16,
  sizes,
  length,
  packs,
});

/** The gate tries all of these, and longer ones in one pack; here all with ROX_LAWS=full, and else what is one action shorter. */
const FULL = [
  ["4 allocations of any size and frees", scope(ALL, 4, ANY), 95_355],
  ["5 allocations of any size and frees in one pack", scope(ALL, 5, 1), 110_930],
  ["7 allocations of telling sizes and frees", scope(TELLING, 7, ANY), 86_340],
] as const;
const FEW = [
  ["3 allocations of any size and frees", scope(ALL, 3, ANY), 5527],
  ["4 allocations of any size and frees in one pack", scope(ALL, 4, 1), 19_313],
  ["6 allocations of telling sizes and frees", scope(TELLING, 6, ANY), 20_269],
] as const;
const SCOPES: readonly (readonly [string, AllocFreeScope, number])[] = triesAll() ? FULL : FEW;
test.each(SCOPES)(
  "every history of up to %s",
  (_, all, tried) => {
    expect(allocFreeHistories(all)).toEqual({ tried, failures: [] });
  },
  300_000,
);

test("a state goes on once, with its shortest history", () => {
  const search = new AllocFreeSearch(scope([1, 2], 3, ANY));
  search.learn([expand(scope([1, 2], 3, ANY), search.next)]);
  expect(search.next).toEqual([[1], [2]]);
  const second = expand(scope([1, 2], 3, ANY), search.next);
  expect(second.tried).toBe(6);
  search.learn([second]);
  // Freed again is as before the first action, except for what the implementation remembers.
  expect(search.next.filter((history) => history.every((step) => step > 0))).toEqual([
    [1, 1],
    [1, 2],
    [2, 1],
    [2, 2],
  ]);
});

test("batches come to the same states as one", () => {
  const all = scope([1, 16], 4, ANY);
  const [whole, parts] = [new AllocFreeSearch(all), new AllocFreeSearch(all)];
  while (whole.next.length > 0) {
    whole.learn([expand(all, whole.next)]);
    parts.learn(parts.next.map((history) => expand(all, [history])));
    expect(parts.next).toEqual(whole.next);
  }
});

/** After each free, or each allocation, of a kernel something more is done. */
function sabotaged(
  after: "bpfProgPackAlloc" | "bpfProgPackFree",
  more: (kernel: SubjectKernel) => () => void,
): Subject {
  return {
    ...defaultSubject,
    boot(options) {
      const kernel = defaultSubject.boot(options);
      const then = more(kernel);
      const { packs } = kernel;
      const plain = packs[after].bind(packs) as (...args: readonly unknown[]) => unknown;
      const wrong = (...args: readonly unknown[]): unknown => {
        const result = plain(...args);
        then();
        return result;
      };
      Object.assign(packs, { [after]: wrong });
      return kernel;
    },
  };
}

const spoil = ({ packs: { packs }, machine }: SubjectKernel): void => {
  for (const { base } of packs) machine.poke(base + 512, Uint8Array.of(7));
};

/** Leaks, while something lives or whenever it is called. */
const leaking =
  (least: number) =>
  ({ machine, packs }: SubjectKernel) =>
  () => {
    if (packs.packs.length >= least) machine.kvmalloc(32);
  };

test.each([
  ["free", 0, "alloc 64 B, free the 1. of the live: something is left in the end"],
  ["free of one of two", 1, "alloc 64 B, alloc 64 B, free the 1. of the live: something is left in the end"],
])("a %s that leaves something on the heap is found", (_, least, said) => {
  const { failures } = allocFreeHistories(scope([1], 3, ANY), sabotaged("bpfProgPackFree", leaking(least)));
  expect(failures[0]).toBe(said);
});

test("an allocation that leaves something on the heap is found, though what it takes is given back to go on", () => {
  const { failures } = allocFreeHistories(scope([1], 3, ANY), sabotaged("bpfProgPackAlloc", leaking(0)));
  expect(failures[0]).toBe("alloc 64 B, free the 1. of the live: something is left in the end");
});

test("an allocation that maps more than it needs is found at once", () => {
  const mapping = ({ machine }: SubjectKernel) => {
    return () => {
      machine.vmalloc(64);
    };
  };
  const { failures } = allocFreeHistories(scope([1], 1, ANY), sabotaged("bpfProgPackAlloc", mapping));
  expect(failures[0]).toBe("alloc 64 B: 2 areas of memory");
});

test("a free that spoils text elsewhere is found by the shortest history", () => {
  const { failures } = allocFreeHistories(
    scope([1], 3, ANY),
    sabotaged("bpfProgPackFree", (kernel) => () => spoil(kernel)),
  );
  expect(failures[0]).toMatch(/^alloc 64 B, alloc 64 B, free the 1\. of the live: 0x[0-9a-f]+ holds 0x7$/);
});

test("what only a kernel shows that has been through more is told with all of that", () => {
  const fourth = sabotaged("bpfProgPackAlloc", (kernel) => {
    let allocations = 0;
    return () => {
      if (++allocations === 4) spoil(kernel);
    };
  });
  const { failures } = allocFreeHistories(scope([1, 2, 3], 2, ANY), fourth);
  expect(failures[0]).toMatch(/^alloc 64 B, .*free the 2\. of the live, alloc 192 B: 0x[0-9a-f]+ holds 0x7$/);
});

test.each([
  ["numbers", () => ({ turn: 1 })],
  ["other objects", () => ({ note: {} })],
  ["what cannot be put back", () => ({ note: new Map() })],
])("an allocator that remembers %s of a step is gone on with as if there had been none", (_, note) => {
  const again = sabotaged("bpfProgPackFree", ({ packs }) => () => {
    Object.assign(packs, note());
  });
  expect(allocFreeHistories(scope([1, 2], 3, ANY), again).failures).toEqual([]);
});
