// Which functions of an image may run, computed from what they call and compared with the list of names.

import path from "node:path";
import { describe, expect, test } from "vitest";
import { writeKernelImage } from "../../testing/kernel-image.js";
import { linuxKernels } from "../../testing/linux-kernels.js";
import { closureOf } from "./closure.js";
import { startsOf } from "./image/functions.js";
import type { KernelImage } from "./image/image.js";
import { readKernelImage } from "./image/read.js";
import { ENTRY_POINTS, NATIVE, NEVER_CALLED } from "./native.js";
import { readTypedImage } from "./open.js";
import { TRAPS } from "./traps/index.js";
import { NEVER_TRAPPED } from "./under-test.js";

function imageOf(functions: Readonly<Record<string, readonly string[]>>): KernelImage {
  const read = readKernelImage(writeKernelImage({ functions }));
  if (!read.ok) throw new Error(read.error.got);
  return read.value.image;
}

const namesOf = (image: KernelImage, addresses: Iterable<number>): string[] =>
  Array.from(addresses, (va) => image.symbolAt(va)!.name).sort();

describe("a small image", () => {
  const image = imageOf({
    _stext: [],
    bpf_int_jit_compile: ["build_body.constprop.0", "kfree", "mutex_lock"],
    "build_body.constprop.0": ["emit", "schedule"],
    emit: ["build_body.constprop.0"],
    mutex_lock: ["__mutex_unlock_slowpath.isra.0"],
    kfree: ["free_unref_page"],
    free_unref_page: [],
    schedule: ["memcpy"],
    memcpy: [],
    "__mutex_unlock_slowpath.isra.0": [],
    last: [],
  });
  const closure = closureOf(image, image.bytes);

  test("what the entry points reach and the list names runs; behind a trap nothing does", () => {
    expect(namesOf(image, closure.native)).toEqual([
      ...["bpf_int_jit_compile", "build_body.constprop.0", "emit", "mutex_lock"],
    ]);
    expect(namesOf(image, closure.trapped)).toEqual(["kfree"]);
    expect(closure.words).toBe(16);
  });

  test("what is called beside those is told with who calls it, and why no case comes there if that is known", () => {
    expect(closure.unlisted.toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      {
        name: "__mutex_unlock_slowpath.isra.0",
        callers: ["mutex_lock"],
        why: "another CPU or task waits for a lock, and none waits here",
      },
      { name: "schedule", callers: ["build_body.constprop.0"], why: undefined },
    ]);
  });
});

test("a name on the list that nothing reaches does not run, as one that another file has too", () => {
  const image = imageOf({ _stext: [], bpf_int_jit_compile: [], emit: [], last: [] });
  expect(namesOf(image, closureOf(image, image.bytes).native)).toEqual(["bpf_int_jit_compile"]);
});

test("no name is on two lists", () => {
  const trapped = TRAPS.filter(({ kind }) => kind === "trap").flatMap(({ names }) => names);
  const all = [...NATIVE, ...trapped, ...Object.keys(NEVER_CALLED)];
  expect(all.filter((name, i) => all.indexOf(name) !== i)).toEqual([]);
  expect(ENTRY_POINTS.filter((name) => !NATIVE.includes(name))).toEqual([]);
});

const KERNELS = linuxKernels();

describe.skipIf(KERNELS.length === 0)("a distribution's kernel", { timeout: 60_000 }, () => {
  test.each(KERNELS.map((file) => [path.basename(file), file]))(
    "%s reaches nothing that nobody has looked at",
    (_, file) => {
      const read = readTypedImage(file);
      if (!read.ok) throw new Error(`expected ${read.error.expected}, got ${read.error.got}`);
      const image = read.value;
      const { native, trapped, unlisted } = closureOf(image, image.bytes);
      expect(unlisted.filter(({ why }) => why === undefined)).toEqual([]);
      expect(native.size).toBeGreaterThan(60);
      expect(native.size).toBeLessThan(250);
      expect(trapped.size).toBeGreaterThan(20);
      const underTest = Object.values(NEVER_TRAPPED).flat();
      const entries = underTest.filter((name) => (ENTRY_POINTS as readonly string[]).includes(name));
      const missing = entries.flatMap((name) => startsOf(image.symbols, name)).filter((va) => !native.has(va));
      expect(namesOf(image, missing)).toEqual([]);
    },
  );
});
