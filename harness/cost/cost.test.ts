import { describe, expect, test } from "vitest";
import type { MachineEvent } from "../../machine/event.js";
import { Machine } from "../../machine/machine.js";
import { defaultSubject } from "../../subjects/index.js";
import { openSubject } from "../../subjects/open.js";
import { isKernel } from "../../subjects/program-subject.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { available } from "../../testing/required.js";
import { type CostOptions, costOf, loadWorkload, workloadNames } from "./cost.js";
import { Counter } from "./counts.js";
import { runWorkload } from "./run-workload.js";
import { sourcesOf } from "./series.js";
import { LETTER_SECONDS, LEVELS, secondsOf, TEST_TAG } from "./unit-costs.js";
import { stepsOf, type Workload } from "./workload.js";
import { parseWorkload } from "./workload-text.js";

const workload = (text: string): Workload => {
  const parsed = parseWorkload("mine.workload", "mine", text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
};
const builtIn = (name: string): Workload => {
  const read = loadWorkload(name);
  if (!read.ok) throw new Error(read.error.got);
  return read.value;
};
const OPTIONS: CostOptions = {
  ...{ seed: 1, allocators: ["page", "pack"], series: ["v6"], subject: defaultSubject, every: 1, pageBytes: 4096 },
  stop: new AbortController().signal,
};

test("the round of a repeat is counted from 1, in names and sizes", () => {
  const { body } = { ...workload("repeat 2\nload p% %+3 moves\nend\nfree p1\nfree any") };
  const steps = [...stepsOf({ name: "", about: "", body }, 1)].map(({ step }) => step);
  expect(steps).toEqual([
    { kind: "load", name: "p1", slots: 4, contents: "moves" },
    { kind: "load", name: "p2", slots: 5, contents: "moves" },
    { kind: "free", name: "p1" },
    { kind: "free", name: undefined },
  ]);
});

test.each([
  ["load p 3", "mine.workload:1"],
  ["load p %+1 moves", "mine.workload:1"],
  ["repeat 3\nload p 3 moves", "mine.workload:2"],
  ["load p 3 moves\nend", "mine.workload:2"],
  ["repeat 0\nfree any\nend", "mine.workload:1"],
  ["repeat 9999999\nload p% 3 moves\nend", "mine.workload:1"],
  ["", "mine.workload:1"],
])("a workload that makes no sense is refused with its line: %j", (text, subject) => {
  const parsed = parseWorkload("mine.workload", "mine", text);
  expect(parsed.ok ? "read" : parsed.error.subject).toBe(subject);
});

test.each([
  ["free p", "p is used, but it is not there"],
  ["load p 3 moves\nload p 3 moves", "p is loaded, but it is there already"],
  ["free any", "`free any`, but there is no program that could be freed"],
  ["load p 3 moves\ndetach p", "p is detached, but nothing is attached to it"],
  ["load p 3 moves\nload q 3 moves\nattach p q\nfree p", "p is freed, but something is attached to it"],
  [`load p 3 moves\nload q 3 moves\nattach p${" q".repeat(39)}`, "a trampoline for 39 programs is refused: -7"],
])("steps that do not fit together are refused: %j", async (text, got) => {
  const result = await costOf(workload(text), { ...OPTIONS, allocators: ["pack"] });
  expect(result.ok ? "ran" : result.error.got).toBe(got);
});

test("a run of line by line maintenance counts as the range does, with one barrier", () => {
  const countsOf = (events: readonly object[]) => {
    const counter = new Counter({}, 4096, 2 ** 21, new Machine());
    for (const event of events) counter.listener({ cpu: 0, ...event } as MachineEvent);
    return counter.counts;
  };
  const whole = [{ kind: "clean", va: 60, bytes: 200 }, { kind: "ipi" }];
  const lines = [0, 64, 128, 192, 256].map((va) => ({ kind: "clean", va, bytes: 64 }));
  expect(countsOf(whole)).toEqual(countsOf([...lines, { kind: "ipi" }]));
  expect(countsOf(whole)).toMatchObject({ linesCleaned: 5, barriers: 1, ipis: 1 });
});

test("what is run twice costs twice as much, and nothing is left behind", () => {
  const once = "load p 50 mixed\nfree p\n";
  const [one, two] = [once, once + once].map((text) =>
    runWorkload(workload(`load resident 4 moves\n${text}free resident`), { seed: 1, allocator: "packs" }),
  );
  const resident = runWorkload(workload("load resident 4 moves\nfree resident"), { seed: 1, allocator: "packs" });
  for (const kind of ["ipis", "fixmapMaps", "patchLock", "packMutex", "loads"] as const) {
    const [a, b] = [one!.counts[kind], two!.counts[kind]];
    expect(b - a, kind).toBe(a - resident.counts[kind]);
  }
});

test.each(["packs", "pages"] as const)("a mapping is made read-only and then executable: %s", (allocator) => {
  const { counts } = runWorkload(workload("load p 4 moves"), { seed: 1, allocator });
  expect([counts.permissionChanges, counts.areas]).toEqual([2, 1]);
});

test("stores to the heap are no stores to text: a pack is filled, and then copied into", () => {
  const { counts } = runWorkload(workload("load p 4 moves"), { seed: 1, allocator: "packs" });
  expect(counts.bytesFilled).toBe(2 ** 21);
});

test("sampled rounds count for those that are left out", () => {
  const whole = runWorkload(builtIn("test_tag"), { seed: 1, allocator: "packs", every: 512 });
  const finer = runWorkload(builtIn("test_tag"), { seed: 1, allocator: "packs", every: 128 });
  expect(whole.counts.loads).toBe(finer.counts.loads);
  expect(Math.abs(whole.counts.instructions / finer.counts.instructions - 1)).toBeLessThan(0.01);
  expect(whole.steps).toBeLessThan(finer.steps);
});

test("the counts that unit costs are solved with are those of test_tag, and give the letter's two rows", () => {
  for (const [allocator, row] of [
    ["pages", "page"],
    ["packs", "pack"],
  ] as const) {
    const { counts } = runWorkload(builtIn("test_tag"), { seed: 1, allocator, every: 128 });
    for (const [kind, n] of Object.entries(TEST_TAG[row])) {
      expect(Math.abs(counts[kind as keyof typeof counts] / n - 1), `${row} ${kind}`).toBeLessThan(0.01);
    }
    const full = { ...counts, ...TEST_TAG[row] };
    for (const level of LEVELS) expect(secondsOf(full, level)).toBeCloseTo(LETTER_SECONDS[row], 3);
  }
});

test("every built-in workload runs", async () => {
  for (const name of workloadNames()) {
    const result = await costOf(builtIn(name), { ...OPTIONS, every: 512 });
    if (!result.ok) throw new Error(result.error.got);
    expect(result.value.columns.length, name).toBeGreaterThan(0);
  }
}, 60_000);

/** Counts of other versions are others: their code is longer or shorter. */
const kernels = linuxKernels().filter((file) => /-6\.12\..*-arm64(-16k)?$/.test(file));
const isThere = available("linux", () => (kernels.length > 0 ? undefined : "no vmlinuz-6.12...-arm64 in ROX_LINUX"));

describe.runIf(isThere)("what a workload asks of the machine is the same of impl and of", () => {
  test.each(kernels)(
    "%s",
    (file) => {
      const opened = openSubject(`linux:${file}`);
      if (!opened.ok) throw new Error(opened.got);
      const { subject } = opened;
      if (!isKernel(subject)) throw new Error(`${subject.name} is no kernel`);
      for (const [name, least] of [
        ["stresser", 160],
        ["test_tag", 40_000],
        ["container_host", 4500],
        ["tracing_burst", 51],
      ] as const) {
        const { pageBytes = 4096 } = subject.fixed ?? {};
        const options = { seed: 1, allocator: "packs", every: 512, pageBytes } as const;
        const theirs = runWorkload(builtIn(name), { ...options, subject });
        expect(theirs.counts.loads, name).toBeGreaterThanOrEqual(least);
        expect(theirs, name).toEqual(runWorkload(builtIn(name), options));
      }
    },
    120_000,
  );
});

test("a trampoline takes a page of its own, is written in place and not poked; in packs it takes none", () => {
  const of = (text: string, allocator: "pages" | "packs") =>
    runWorkload(workload(`load a 4 moves\nload b 4 moves\n${text}`), { seed: 1, allocator }).counts;
  const more = (allocator: "pages" | "packs") => {
    const [without, attached] = [of("", allocator), of("attach a b", allocator)];
    return Object.fromEntries(
      (["areaPages", "permissionChanges", "bytesCopied", "fixmapMaps", "heapObjects"] as const).map((kind) => [
        kind,
        attached[kind] - without[kind],
      ]),
    );
  };
  // The slot is mapped for the branch at the entry. A record; in packs, the buffer too.
  expect(more("pages")).toEqual({ areaPages: 1, permissionChanges: 2, bytesCopied: 0, fixmapMaps: 1, heapObjects: 1 });
  // With three more words for each of its calls than it takes in the end.
  const bytes = 4 * 43;
  expect(more("packs")).toEqual({
    ...{ areaPages: 0, permissionChanges: 0, bytesCopied: bytes, fixmapMaps: 2, heapObjects: 2 },
  });
});

test("an instruction that is stored with the routine for copies is no copy", () => {
  const machine = new Machine();
  const counter = new Counter({}, 4096, 2 ** 21, machine);
  const buffer = machine.kvmalloc(64)!;
  const [va, stack] = [machine.fixmapSlot, 0x1000];
  for (const from of [stack, buffer + 8]) counter.listener({ kind: "write", cpu: 0, va, bytes: 4, from });
  expect(counter.counts).toMatchObject({ bytesCopied: 4, bytesFilled: 4 });
});

test("the edits of each old version still fit the sources", () => {
  for (const version of ["v3", "v4", "v5"] as const) expect(sourcesOf(version)).toMatchObject({ ok: true });
});
