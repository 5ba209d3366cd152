import { expect, test } from "vitest";
import type { MapSpec, Program } from "../bpf/program.js";
import { LAYOUT } from "../bpf/testing.js";
import { bpf } from "../bpf/text/bpf.js";
import { compiledInterpreter } from "./interpret.js";
import { both, INPUT, programOf } from "./testing.js";

const RING: MapSpec = { kind: "ringBuffer", entries: 128 };
const SENDS = "*(u64 *)(r10 - 8) = 7; r1 = map_fd 0 ll; r2 = r10; r2 += -8; r3 = 8; r4 = 0; call 130; exit";

/** What both say of a run that returns. */
function agreed(program: Program): { readonly r0: bigint; readonly regions: readonly { bytes: number[] }[] } {
  const [compiled, meant] = both(program, 5000);
  expect(compiled).toEqual(meant);
  return compiled as ReturnType<typeof agreed>;
}

test("what helpers keep is of one run, and so is what maps hold", () => {
  for (const text of [SENDS, "r0 = 3; exit", SENDS]) {
    const { regions } = agreed(programOf(bpf(text), { maps: [RING] }));
    expect(regions.at(-1)!.bytes).toEqual(text === SENDS ? [8, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0] : []);
  }
});

test("a clock that one of them reads goes on for the other", () => {
  const text =
    "call 5; r6 = r0; r1 = map_fd 0 ll; r2 = 0; call 22; r7 = r0; call 5; r0 -= r7; r7 -= r6; r0 <<= 16; r0 |= r7; exit";
  expect(agreed(programOf(bpf(text), { maps: [{ kind: "perfEvents", entries: 1 }] })).r0).toBe((1000n << 16n) | 1000n);
});

test("a text that goes on in the frame of the caller is read", () => {
  const text =
    "*(u64 *)(r10 - 512) = 0x46454443; call pc+1; exit; *(u32 *)(r10 - 4) = 0x42414241; r1 = r10; r1 += -64; r2 = 20; r3 = r10; r3 += -4; call 45; exit";
  const frames = [{ base: LAYOUT.calleeStacks.base + LAYOUT.calleeStacks.bytes, bytes: 512 }];
  const run = { program: programOf(bpf(text)), input: INPUT, layout: { ...LAYOUT, frames }, fuel: 99 };
  expect(compiledInterpreter()!.interpret(run)).toMatchObject({ kind: "returned", r0: 9n });
});

test("arguments of unknown functions are those that hold something", () => {
  const text = "r1 = 1; r3 = 3; call 84; r6 = r0; call kfunc 77; exit";
  const program = programOf(bpf(text), { unknownCalls: 5 });
  const [compiled] = both(program);
  expect(compiled).toMatchObject({ kind: "returned" });
  const requests = (compiled as { regions: { name: string; written: Uint8Array }[] }).regions.at(-1)!;
  expect(requests.name).toBe("requests");
  const words = (call: number): number[] => [...Array(5).keys()].map((i) => requests.written[48 * call + 8 + 8 * i]!);
  expect([words(0), words(1)]).toEqual([
    [1, 0, 1, 0, 0],
    [0, 0, 0, 0, 0],
  ]);
  agreed(program);
});

test.each(["call 84; exit", "call kfunc 77; exit", "r1 = 8; r2 = 8; call 6; exit"])("%s is a fault", (text) => {
  expect(both(programOf(bpf(text)))).toEqual(["faulted", "faulted"]);
});

test.each([
  ["xdp", "call 44"],
  ["skb", "call 34"],
] as const)("a helper that works on %s ends a program that has no packet", (_, text) => {
  const run = { program: programOf(bpf(`r2 = 0; ${text}; exit`)), input: INPUT, layout: LAYOUT, fuel: 99 };
  expect(compiledInterpreter()!.interpret(run)).toEqual({ kind: "faulted" });
});
