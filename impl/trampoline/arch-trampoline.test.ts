import { describe, expect, test } from "vitest";
import type { RoAddr } from "../../machine/address.js";
import { EventLog } from "../../machine/event.js";
import { AARCH64_BREAK_FAULT } from "../patching/arch-text.js";
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

describe("words", () => {
  test("a program before the function", () => {
    const expected = [
      "a9bf27fd 910003fd a9bf7bfd 910003fd d10103ff", // two frames: the caller's and the function's; sub sp, sp, #64
      "d280004a f9000bea f9000fe0 f90013e1 f90017f3 f9001bf4", // x10 = 2 to [16]; x0, x1; x19, x20
      "f90003ff 929dfff3 f2b10013 f2d00013 91000260 910003e1", // no cookie; x19 = program; x0 = x19, x1 = sp
      "97480007 91000014 b4000060 910063e0 940003ed", // enter; x20 = x0; cbz x0, 3 on; x0 = arguments; program
      "91000260 91000281 910003e2 97480003", // x0 = x19, x1 = x20, x2 = sp; exit
      "f9400fe0 f94013e1 f94017f3 f9401bf4 910003bf", // arguments; x19, x20; sp = x29
      "a8c17bfd a8c127fd 910003ca 9100013e d65f0140", // both frames; to x30 with x30 = x9
    ];
    expect(code(requestOf({ fentry: [link()] }, 2))).toBe(expected.join(" "));
  });

  test("programs in place of the function and behind it", () => {
    const expected = [
      "a9bf27fd 910003fd a9bf7bfd 910003fd d10103ff",
      "929752ea f2b0246a f2d0000a f9000bea", // the function's address to [16]
      "d280002a f9000fea f90013e0 f9001bf3 f9001ff4",
      "d2fffe00 f2a092a0 f2920000 9747ffef", // x0 = record, all 64 bits; __bpf_tramp_enter
      "f90017ff", // result = 0
      "528000aa f90003ea 929dfff3 f2b10013 f2d00013 91000260 910003e1", // cookie 5
      "9747fffe 91000014 b4000080 910083e0 940003e4 f90017e0", // the result is kept
      "91000260 91000281 910003e2 9747fff9",
      "f94017ea b50000ea", // decided: to what is behind the function
      "f94013e0 f94027ea 1000005e d65f0140 f90017e0 d503201f", // x0; function with x30 = behind the ret; result; NOP
      "f90003ff 929dfff3 f2b10013 f2d00013 91000260 910003e1",
      "9747ffee 91000014 b40000c0 910083e0 929df6e1 f2b10001 f2d00001 940003c9", // x1 = instructions; interpreter
      "91000260 91000281 910003e2 9747ffe7",
      "d2fffe00 f2a092a0 f2920000 9747ffc3", // __bpf_tramp_exit
      "f9401bf3 f9401ff4 f94017e0 910003bf a8c17bfd a8c127fd 9100013e d65f0120", // to x9 with x30 = x9
    ];
    const attached = {
      fmodRet: [link({ cookie: { high: 0, low: 5 } })],
      fexit: [link({ jited: false, sleepable: true })],
    };
    const built = build(requestOf(attached, 1, { ipArg: true }));
    expect(built.text.replaceAll(` ${BREAK}`, "")).toBe(expected.join(" "));
    expect(built.places).toEqual({ ipAfterCall: IMAGE + 4 * 43, ipEpilogue: IMAGE + 4 * 62 });
  });

  test("struct_ops: called through a pointer, so x9 is nobody's and there is one frame", () => {
    const expected = [
      "a9bf7bfd 910003fd d10103ff d280002a f9000bea f9000fe0 f90017f3 f9001bf4",
      "f90003ff 929dfff3 f2b10013 f2d00013 91000260 910003e1",
      "9747fffa 91000014 b4000080 910063e0 940003f0 f90013e0",
      "91000260 91000281 910003e2 9747fff5",
      "f94017f3 f9401bf4 f94013e0 910003bf a8c17bfd d65f03c0",
    ];
    const attached = { fentry: [link({ recursionChecked: false })], structOps: true };
    expect(code(requestOf(attached, 1, { returns: true }))).toBe(expected.join(" "));
  });

  test("a landing pad for calls and jumps comes first, if there are any", () => {
    expect(code(requestOf({ fentry: [link()] }, 0), { ...ENV, bti: true })).toMatch(/^d50324df a9bf27fd 910003fd /);
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
  const nine = requestOf({ fentry: [link()] }, 9);
  const prepare = (kernel: ReturnType<typeof trampKernel>, request: TrampRequest): Prepared => {
    const image = archAllocBpfTrampoline(kernel.packs, 512)!;
    const places = { ipAfterCall: undefined, ipEpilogue: undefined };
    return archPrepareBpfTrampoline(kernel.machine, kernel.env, IM, places, image, (image + 512) as RoAddr, request);
  };

  test("more than eight registers", () => {
    const kernel = trampKernel();
    const structs = { ...nine, args: [...words(7), { bytes: 16, isStruct: true }] };
    expect([nine, structs].map((request) => archBpfTrampolineSize(ENV, request))).toEqual([
      { ok: false, error: -524 },
      { ok: false, error: -524 },
    ]);
    expect(prepare(kernel, structs)).toEqual({ ok: false, error: -524 });
    // The pack's own record.
    expect(kernel.machine.usage.heapObjects).toBe(1);
  });

  test("trampolineRefusalLeak: and the buffer stays", () => {
    const kernel = trampKernel(withQuirk("trampolineRefusalLeak"));
    expect(prepare(kernel, nine)).toEqual({ ok: false, error: -524 });
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
