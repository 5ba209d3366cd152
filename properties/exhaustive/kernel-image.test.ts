import path from "node:path";
import { describe, expect, test } from "vitest";
import { wasmEngine } from "../../engines/wasm/engine.js";
import { openSubject } from "../../subjects/open.js";
import { isKernel } from "../../subjects/program-subject.js";
import type { BootOptions, PacksView, Subject } from "../../subjects/subject.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { findKnownDefects } from "../find-known.js";
import { allocFreeHistories } from "./alloc-free.js";
import { failurePoints } from "./failure-points.js";
import { pokedBytes, pokesOfEveryRange } from "./pokes.js";
import { twoCpus } from "./two-cpus.js";

const [file] = linuxKernels().filter((one) => /6\.12\.117.*-arm64$/.test(path.basename(one)));
const SLOW = { timeout: 300_000 };
const SCOPE = { packChunks: 16, sizes: [1, 16], length: 3, packs: 2 };

function subjectOf(image: string): Subject {
  const opened = openSubject(`linux:${image}`);
  if (!opened.ok || !isKernel(opened.subject)) throw new Error("no kernel image");
  return { ...opened.subject, known: findKnownDefects(opened.subject, wasmEngine) };
}

/** With another pack allocator in front of its own. */
const withPacks = (subject: Subject, change: (packs: PacksView) => Partial<PacksView>): Subject => ({
  ...subject,
  boot(options: BootOptions) {
    const kernel = subject.boot(options);
    const { packs } = kernel;
    return Object.assign(kernel, { packs: Object.assign(Object.create(packs) as PacksView, change(packs)) });
  },
});

describe.runIf(file !== undefined)("what is tried exhaustively on a kernel image", SLOW, () => {
  test("allocations and frees in what is left of a pack, and in a second one", () => {
    const { tried, failures } = allocFreeHistories(SCOPE, subjectOf(file!));
    expect(failures).toEqual([]);
    expect(tried).toBeGreaterThan(15);
  });

  test("a free that gives too little back is found", () => {
    const subject = withPacks(subjectOf(file!), (packs) => ({
      bpfProgPackFree: (ptr, bytes) => packs.bpfProgPackFree(ptr, Math.max(1, bytes - 64)),
    }));
    expect(allocFreeHistories(SCOPE, subject).failures).not.toEqual([]);
  });

  test("failures one by one and in pairs, past the known defects that they show", () => {
    const share = { index: 0, of: 20 };
    const { points, failures, known } = failurePoints({ share }, subjectOf(file!));
    expect(failures).toEqual([]);
    expect(points).toBeGreaterThan(5);
    expect(Object.keys(known!)).toContain("copyFaultIgnored");
  });

  test("a defect that nobody knows of is none of these", () => {
    const subject = subjectOf(file!);
    const known = new Set([...subject.known!].filter((quirk) => quirk !== "finalizeFailureSize"));
    const share = { index: 0, of: 20 };
    expect(failurePoints({ share }, { ...subject, known }).failures).not.toEqual([]);
  });

  test("two CPUs in kernel code at once, past the race of long jumps that the kernel is known to have", () => {
    const subject = subjectOf(file!);
    const { tried, failures, known } = twoCpus({}, subject);
    expect(failures).toEqual([]);
    expect(tried).toBeGreaterThan(250);
    expect(known!.pltPageWritable).toBeGreaterThan(10);
    const [first] = twoCpus({ share: { index: 6, of: 42 } }, { ...subject, known: new Set() }).failures;
    expect(first).toMatch(/attach far.*setPermission.*attach far: badWrite at .* in bpf_arch_text_poke\+0x/);
  });

  test("pokes at boundaries, and of each length", () => {
    const subject = subjectOf(file!);
    const share = { index: 0, of: 16 };
    const { tried, failures } = pokesOfEveryRange({ bytes: pokedBytes(subject), ranges: "few", share }, subject);
    expect(failures).toEqual([]);
    expect(tried).toBeGreaterThan(500);
  });
});
