import { describe, expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { AARCH64_BREAK_FAULT } from "../patching/arch-text.js";
import { changesOf } from "../versions.js";
import {
  archAllocBpfTrampoline,
  archBpfTrampolineSize,
  archPrepareBpfTrampoline,
  type Prepared,
  type TrampPlaces,
  type TrampRequest,
} from "./arch-trampoline.js";
import type { TrampolineEnv } from "./env.js";
import { trampFlags } from "./links.js";
import { ENV, hexWords, link, links, trampKernel, withQuirk, words } from "./testing.js";

const BREAK = "d4202000";
/** Where the first pack begins. */
const IMAGE = 0x8000_8300_0000 as RoAddr;
/** A heap address of which all 64 bits count. */
const IM = { high: 0xfff0_0000, low: 0x0495_9000 };

type Attached = Parameters<typeof links>[0];

const requestOf = (attached: Attached, nregs: number, options?: Parameters<typeof trampFlags>[1]): TrampRequest => ({
  args: words(nregs),
  links: links(attached),
  flags: trampFlags(links(attached), options),
  func: 0x8000_8123_4568,
});

interface Built {
  readonly kernel: ReturnType<typeof trampKernel>;
  readonly prepared: Prepared;
  readonly places: TrampPlaces;
  readonly bytes: number;
  /** Of the whole image. */
  readonly text: string;
}

function build(request: TrampRequest, env: TrampolineEnv = ENV, im = IM): Built {
  const kernel = trampKernel(env);
  const { machine, packs } = kernel;
  const size = archBpfTrampolineSize(env, request);
  if (!size.ok) throw new Error(`${size.error}`);
  const { bytes } = size;
  const image = archAllocBpfTrampoline(packs, bytes)!;
  expect(image).toBe(IMAGE);
  const places: TrampPlaces = { ipAfterCall: undefined, ipEpilogue: undefined };
  const end = (image + bytes) as RoAddr;
  const prepared = archPrepareBpfTrampoline(machine, env, im, places, image, end, request);
  return { kernel, prepared, places, bytes, text: hexWords(machine, image, bytes / 4) };
}

/** The code without what fills the rest. */
const code = (request: TrampRequest, env?: TrampolineEnv): string =>
  build(request, env).text.replaceAll(` ${BREAK}`, "");

// Word for word: properties/directed/trampoline-layout.ts.
describe("words", () => {
  test("the places that a release needs", () => {
    const attached = {
      fmodRet: [link({ cookie: { high: 0, low: 5 } })],
      fexit: [link({ jited: false, sleepable: true })],
    };
    const { places } = build(requestOf(attached, 1, { ipArg: true }));
    expect(places).toEqual({ ipAfterCall: IMAGE + 4 * 43, ipEpilogue: IMAGE + 4 * 62 });
  });

  test("far kernel functions are called through x10", () => {
    const far = { enter: 0x8000_1234_5678, exit: 0x8000_1234_5688 };
    const text = code(requestOf({ fentry: [link()] }, 0), { ...ENV, prog: { ...ENV.prog, recur: far } });
    expect(text).toContain("929530ea f2a2468a f2d0000a d63f0140 91000014");
  });
});

describe("size", () => {
  test("counts all calls as far and the record's address as long as can be", () => {
    const fentry = build(requestOf({ fentry: [link()] }, 2));
    expect([fentry.bytes, fentry.prepared]).toEqual([4 * (36 + 3 * 3), { ok: true, bytes: 4 * 36 }]);
    const fexit = build(requestOf({ fexit: [link()] }, 2));
    expect(fexit.bytes - (fexit.prepared.ok ? fexit.prepared.bytes : 0)).toBe(4 * (5 * 3 + 2 * 1));
  });

  test("a record whose address takes four words still fits", () => {
    const { prepared, bytes } = build(requestOf({ fexit: [link()] }, 8), ENV, { high: 0x1234_5678, low: 0x1abc_def0 });
    expect(prepared).toEqual({ ok: true, bytes: bytes - 4 * 5 * 3 });
  });

  test("what the code does not take is illegal instructions, whatever was there", () => {
    const request = requestOf({ fentry: [link()] }, 2);
    const { machine, packs, env } = trampKernel();
    const image = archAllocBpfTrampoline(packs, 256)!;
    machine.poke(image, new Uint8Array(256).fill(0x1f));
    const places = { ipAfterCall: undefined, ipEpilogue: undefined };
    archPrepareBpfTrampoline(machine, env, IM, places, image, (image + 200) as RoAddr, request);
    const rest = Array.from({ length: 14 }, (_, i) => machine.peek32(image + 4 * (36 + i)));
    expect(rest).toEqual(rest.map(() => AARCH64_BREAK_FAULT));
    expect(machine.peek32(image + 200)).toBe(0x1f1f_1f1f);
  });
});

describe("refusals", () => {
  const many = requestOf({ fentry: [link()] }, 13);
  const prepare = (kernel: ReturnType<typeof trampKernel>, request: TrampRequest): Prepared => {
    const image = archAllocBpfTrampoline(kernel.packs, 512)!;
    const places = { ipAfterCall: undefined, ipEpilogue: undefined };
    return archPrepareBpfTrampoline(kernel.machine, kernel.env, IM, places, image, (image + 512) as RoAddr, request);
  };

  test("more words than there are registers, and later more than twelve", () => {
    const kernel = trampKernel();
    const structs = { ...many, args: [...words(11), { bytes: 16, isStruct: true }] };
    const early = { ...ENV, changes: changesOf("6.12") };
    const sizes = [many, structs, { ...many, args: words(12) }].map(
      (request) => archBpfTrampolineSize(ENV, request).ok,
    );
    expect(sizes).toEqual([false, false, true]);
    const inEarly = [
      { ...many, args: [...words(7), { bytes: 16, isStruct: true }] },
      { ...many, args: words(9) },
    ];
    for (const request of inEarly) {
      expect(archBpfTrampolineSize(early, request)).toEqual({ ok: false, error: -524 });
    }
    expect(prepare(kernel, structs)).toEqual({ ok: false, error: -524 });
    // The pack's own record.
    expect(kernel.machine.usage.heapObjects).toBe(1);
  });

  test("trampolineRefusalLeak: and the buffer stays", () => {
    const kernel = trampKernel(withQuirk("trampolineRefusalLeak"));
    expect(prepare(kernel, many)).toEqual({ ok: false, error: -524 });
    expect(kernel.machine.usage.heapObjects).toBe(2);
  });

  test("a word without an encoding, and nothing is published", () => {
    const kernel = trampKernel();
    expect(prepare(kernel, requestOf({ fentry: [link({ bpfFunc: 0x8000_8300_1002 })] }, 0))).toEqual({
      ok: false,
      error: -22,
    });
    expect(hexWords(kernel.machine, IMAGE, 2)).toBe(`${BREAK} ${BREAK}`);
    expect(kernel.machine.usage.heapObjects).toBe(1);
  });

  test.each([
    ["kvmalloc", -12],
    ["copy", -22],
  ] as const)("%s fails", (step, error) => {
    const kernel = trampKernel();
    archAllocBpfTrampoline(kernel.packs, 64);
    kernel.machine.failures.plan(step, 1);
    expect(prepare(kernel, requestOf({ fentry: [link()] }, 0))).toEqual({ ok: false, error });
    expect(kernel.machine.usage.heapObjects).toBe(1);
  });
});

test.each([
  ["once", ENV, 1],
  ["as upstream, once more", withQuirk("secondFlush"), 2],
] as const)("the whole image is copied and flushed %s", (_, env, flushes) => {
  const kernel = trampKernel(env);
  const log = new EventLog();
  const image = archAllocBpfTrampoline(kernel.packs, 300)!;
  kernel.machine.onEvent = log.listener;
  const places = { ipAfterCall: undefined, ipEpilogue: undefined };
  const request = requestOf({ fentry: [link()] }, 1);
  archPrepareBpfTrampoline(kernel.machine, env, IM, places, image, (image + 300) as RoAddr, request);
  const flushed = log.events().flatMap((event) => (event.kind === "flush" ? [[event.va, event.bytes]] : []));
  expect(flushed).toEqual(Array.from({ length: flushes }, () => [image, 300]));
});
