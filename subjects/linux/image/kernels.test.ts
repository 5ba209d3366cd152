// Kernels of distributions, where there are some.

import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { linuxKernels } from "../../../testing/linux-kernels.js";
import { checksOf } from "./checkable.js";
import { allocatorOf } from "./features.js";
import { readKernelImage } from "./read.js";

const KERNELS = linuxKernels();

describe.skipIf(KERNELS.length === 0)("a distribution's kernel", () => {
  test.each(KERNELS.map((file) => [path.basename(file), file]))("%s is read", (_, file) => {
    const kernel = readKernelImage(readFileSync(file));
    if (!kernel.ok) throw new Error(`expected ${kernel.error.expected}, got ${kernel.error.got}`);
    const { image } = kernel.value;
    const [major, minor] = image.release.split(".").map(Number) as [number, number];
    expect(image.symbols.count).toBeGreaterThan(20_000);
    expect(image.base % 0x10000).toBe(0);
    expect(image.relocations.outside).toBe(0);
    const compile = image.address("bpf_int_jit_compile")!;
    expect(image.symbolAt(compile + 8)).toEqual({ name: "bpf_int_jit_compile", offset: 8 });
    expect(image.types?.struct("bpf_prog")?.member("jited")).toMatchObject({ bits: 1 });
    expect(image.types?.parameters("bpf_int_jit_compile")).toContain("prog");
    // The series came with 6.9.
    const packs = major > 6 || (major === 6 && minor >= 9);
    expect(allocatorOf(image)).toBe(packs ? "packs" : "a page or more for each program");
    if (!packs) return;
    for (const { name, missing } of checksOf(image)) expect(`${name} ${missing}`).toBe(`${name} `);
    // A pointer that the image has in itself: to its own text.
    expect(image.address("_text")).toBe(image.base);
  });
});
