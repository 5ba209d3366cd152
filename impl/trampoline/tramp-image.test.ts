import { describe, expect, test } from "vitest";
import type { FailingStep } from "../../machine/event.js";
import { trampFlags } from "./links.js";
import { hexWords, link, links, trampKernel, words } from "./testing.js";
import { bpfTrampImageFree, bpfTrampImageMake, bpfTrampImagePut } from "./tramp-image.js";

const requestOf = (attached: Parameters<typeof links>[0]): Parameters<typeof bpfTrampImageMake>[1] => ({
  args: words(1),
  links: links(attached),
  flags: trampFlags(links(attached)),
  func: 0x8000_8123_4568,
});

test("a release turns the NOP behind the function into a branch to the way out", () => {
  const kernel = trampKernel();
  const made = bpfTrampImageMake(kernel, requestOf({ fexit: [link()] }));
  if (!made.ok) throw new Error(`${made.error}`);
  const { im } = made;
  const at = (): string => hexWords(kernel.machine, im.ipAfterCall!, 1);
  expect(at()).toBe("d503201f");
  bpfTrampImagePut(kernel, im);
  // One program: enter, program and exit.
  expect([at(), im.ipEpilogue! - im.ipAfterCall!]).toEqual(["14000010", 64]);
  // Once more, and the NOP is no longer there.
  bpfTrampImagePut(kernel, im);
  expect(kernel.warnings).toEqual(["release of a trampoline: -14"]);
});

test("without a call of the function there is nothing to release", () => {
  const kernel = trampKernel();
  const made = bpfTrampImageMake(kernel, requestOf({ fentry: [link()] }));
  if (!made.ok) throw new Error(`${made.error}`);
  const before = hexWords(kernel.machine, made.im.image, 36);
  bpfTrampImagePut(kernel, made.im);
  expect(hexWords(kernel.machine, made.im.image, 36)).toBe(before);
});

test("a freed trampoline leaves nothing, and cannot be freed again", () => {
  const kernel = trampKernel();
  const made = bpfTrampImageMake(kernel, requestOf({ fexit: [link()] }));
  if (!made.ok) throw new Error(`${made.error}`);
  expect(kernel.modmem.current).toBe(made.im.size);
  bpfTrampImageFree(kernel, made.im);
  expect([kernel.modmem.current, kernel.machine.usage]).toEqual([0, { areas: 0, heapObjects: 0, frames: 0 }]);
  expect(kernel.symbols.lookup(made.im.image)).toBeUndefined();
  expect(() => bpfTrampImageFree(kernel, made.im)).toThrow("is freed twice");
});

describe("whatever fails, nothing is left", () => {
  test.each<[FailingStep, number, number]>([
    ["kvmalloc", 1, -12], // The record.
    ["kvmalloc", 2, -12], // The pack.
    ["kvmalloc", 3, -12], // The buffer.
    ["vmalloc", 1, -12],
    ["setPermission", 1, -12],
    ["copy", 1, -22],
  ])("%s #%i", (step, nth, error) => {
    const kernel = trampKernel();
    kernel.machine.failures.plan(step, nth);
    expect(bpfTrampImageMake(kernel, requestOf({ fexit: [link()] }))).toEqual({ ok: false, error });
    expect([kernel.machine.failures.pending, kernel.modmem.current]).toEqual([0, 0]);
    expect(kernel.machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
  });

  test("over the limit", () => {
    const kernel = trampKernel();
    kernel.modmem.limit = 100;
    expect(bpfTrampImageMake(kernel, requestOf({ fexit: [link()] }))).toEqual({ ok: false, error: -1 });
    expect(kernel.machine.usage).toEqual({ areas: 0, heapObjects: 0, frames: 0 });
  });
});
