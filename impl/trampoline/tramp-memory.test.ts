import { describe, expect, test } from "vitest";
import { EventLog } from "../../machine/event.js";
import { AARCH64_BREAK_FAULT } from "../patching/arch-text.js";
import type { TrampRequest } from "./arch-trampoline.js";
import { trampFlags } from "./links.js";
import { ENV, link, links, trampKernel, words } from "./testing.js";
import { bpfTrampImageFree, bpfTrampImageMake } from "./tramp-image.js";

const request = (nregs: number): TrampRequest => {
  const all = links({ fentry: [link()], fexit: [link()] });
  return { args: words(nregs), links: all, flags: trampFlags(all), func: 0x8000_8123_4568 };
};

describe("a trampoline in a page of its own", () => {
  test("is written, then flushed, then read-only and executable, and gone when it is freed", () => {
    const kernel = trampKernel(ENV, "pages");
    const { machine } = kernel;
    const log = new EventLog();
    machine.onEvent = log.listener;
    const made = bpfTrampImageMake(kernel, request(2));
    if (!made.ok) throw new Error(`${made.error}`);
    const { image, size } = made.im;
    const told = log.events().flatMap((event) => {
      if (event.kind === "setPermission") return [event.permission];
      return event.kind === "write" || event.kind === "flush" ? [event.kind] : [];
    });
    expect(told).toEqual(["write", "write", "flush", "ro", "rox"]);
    expect([image % machine.pageBytes, machine.mapping(image)?.permission, machine.usage.areas]).toEqual([0, "rox", 1]);
    for (let at = size; at < machine.pageBytes; at += 4) expect(machine.peek32(image + at)).toBe(AARCH64_BREAK_FAULT);
    expect(machine.fetch(1, image, machine.pageBytes)).toBeUndefined();
    bpfTrampImageFree(kernel, made.im);
    expect([machine.usage, kernel.modmem.current]).toEqual([{ areas: 0, heapObjects: 0, frames: 0 }, 0]);
  });

  test("is word for word the one in a pack", () => {
    const built = (["packs", "pages"] as const).map((images) => {
      const kernel = trampKernel(ENV, images);
      const { packs, machine } = kernel;
      const image = kernel.memory.alloc(packs, 512)!;
      const places = { ipAfterCall: undefined, ipEpilogue: undefined };
      const im = { high: 0xfff0_0000, low: 0x0495_9000 };
      const prepared = kernel.memory.prepare(
        machine,
        ENV,
        im,
        places,
        image,
        (image + 512) as typeof image,
        request(3),
      );
      return [image % machine.pageBytes, prepared, places, machine.peek(image, 512)];
    });
    expect(built[1]).toEqual(built[0]);
  });

  test.each([
    ["vmalloc", 1, 2, -12],
    ["setPermission", 1, 2, -12],
    ["setPermission", 2, 2, -12],
    ["none: more than twelve words", 1, 13, -524],
  ] as const)("fails and leaves nothing behind: %s, time %i", (step, nth, nregs, error) => {
    const kernel = trampKernel(ENV, "pages");
    if (step === "vmalloc" || step === "setPermission") kernel.machine.failures.plan(step, nth);
    expect(bpfTrampImageMake(kernel, request(nregs))).toEqual({ ok: false, error });
    expect([kernel.machine.usage, kernel.modmem.current]).toEqual([{ areas: 0, heapObjects: 0, frames: 0 }, 0]);
  });
});
