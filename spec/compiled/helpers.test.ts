import { describe, expect, test } from "vitest";
import { interpret } from "../bpf/interpret.js";
import type { Outcome } from "../bpf/outcome.js";
import type { MapSpec } from "../bpf/program.js";
import { LAYOUT } from "../bpf/testing.js";
import { bpf } from "../bpf/text/bpf.js";
import { compiledInterpreter } from "./interpret.js";
import { both, INPUT, plain, programOf } from "./testing.js";

describe("says what the other interpreter says", () => {
  const TEXT = "*(u64 *)(r10 - 16) = 0x4142; *(u32 *)(r10 - 8) = 0x43444546; *(u32 *)(r10 - 4) = 7";
  const probe = (id: number, size: number, from: string): string =>
    `r6 = r1; ${TEXT}; r1 = r10; r1 += -32; r2 = ${size}; r3 = ${from}; call ${id}; exit`;
  const at = (offset: number): string => `r10; r3 += ${offset}`;
  const PLACES_READ = [at(-16), at(-8), at(-5), at(-15), at(0), "r6", "77", "r6; r3 += 12"];
  const sum = (less: number, more: number, from: number): string =>
    `${TEXT}; r1 = r10; r1 += -16; r2 = ${less}; r3 = r10; r3 += ${from}; r4 = ${more}; r5 = -2; call 28; exit`;
  const CALLS_OF_HELPERS = [
    ...[4, 113, 45, 115].flatMap((id) =>
      [0, 1, 4, 9, 24].flatMap((n) => PLACES_READ.map((from) => probe(id, n, from))),
    ),
    probe(4, -1, "r6"),
    probe(45, 64, "r6"),
    ...[0, 1, 2, 3, 4, 9, 64].map((size) => `r1 = r10; r1 += -24; r2 = ${size}; call 16; exit`),
    ...[46, 122].map((id) => `call ${id}; exit`),
    ...[
      [0, 0, -8],
      [8, 8, -8],
      [4, 12, -12],
      [16, 0, -8],
      [0, 16, -16],
      [3, 4, -8],
      [4, 260, -512],
      [4, 512, -512],
      [4, 16, -8],
      [-1, 4, -8],
    ].map(([less = 0, more = 0, from = 0]) => sum(less, more, from)),
  ];
  test.each(CALLS_OF_HELPERS)("of helpers that copy memory: %s", (text) => {
    const [compiled, meant] = both(programOf(bpf(text)));
    expect(compiled).toEqual(meant);
  });
  test("of a text that is read from the stack of a callee: what is not written cannot be read", () => {
    for (const id of [4, 45]) {
      const [compiled, meant] = both(programOf(bpf(`call pc+1; exit; ${probe(id, 12, at(-16))}`)));
      expect(compiled).toEqual(meant);
      const [unwritten, meantToo] = both(programOf(bpf(`call pc+1; exit; ${probe(id, 12, at(-20))}`)));
      expect(unwritten).toEqual(meantToo);
    }
  });

  const neighbour = (size: number, flags: number): string =>
    `r1 = 3; r2 = r10; r2 += -24; r3 = ${size}; r4 = ${flags}; call 152; exit`;
  const AGAIN_AND_AGAIN = "r6 = 500; r1 = 5; r2 = 0; call 23; r6 += -1; if r6 != 0 goto -5; exit";
  test.each([
    ...[0, 1, 2].map((flags) => `r1 = -3; r2 = ${flags}; call 23; r6 = r0; r1 = 9; r2 = 0; call 23; r0 += r6; exit`),
    ...[0, 1].map((flags) => `r1 = 3; r2 = ${flags}; call 155; exit`),
    ...[0, 19, 20, 24, 25].flatMap((size) => [0, 1].map((flags) => neighbour(size, flags))),
    AGAIN_AND_AGAIN,
    "r0 = 0; if r0 == 0 goto +2; call 6; r0 = 0; exit",
  ])("of helpers that ask where a packet shall go: %s", (text) => {
    for (const context of ["skb", "xdp"] as const) {
      const [compiled, meant] = both(programOf(bpf(text), { context }), 5000);
      expect(compiled).toEqual(meant);
    }
  });
  test("more requests than there is room for are left to the other interpreter", () => {
    expect(both(programOf(bpf(AGAIN_AND_AGAIN.replace("500", "600")), { context: "skb" }), 5000)[0]).toBe("not taken");
  });

  test("of frames that a verifier has made larger", () => {
    const frames = LAYOUT.frames.map(({ base, bytes }) => ({ base: base - 16, bytes: bytes + 16, counter: base - 16 }));
    const code = [
      bpf("*(u64 *)(r10 - 512) = 3; r2 = map_fd 0 ll; r3 = 0; call 12; exit"),
      bpf("*(u64 *)(r10 - 8) = 4; r0 = 0; exit"),
    ];
    const maps: MapSpec[] = [{ kind: "progArray", entries: 1, programs: [1] }];
    const run = { program: { ...programOf([]), code, maps }, input: INPUT, layout: { ...LAYOUT, frames }, fuel: 99 };
    const compiled = compiledInterpreter()!.interpret(run);
    expect(compiled).toMatchObject({ kind: "returned", r0: 0n, code: 1 });
    expect(plain(compiled as Outcome)).toEqual(plain(interpret(run)));
  });

  const element = (key: number[], value: number[]) => ({ key: Uint8Array.from(key), value: Uint8Array.from(value) });
  const ELEMENTS = [element([1, 0, 0, 0], Array(8).fill(9)), element([0, 0, 0, 0], Array(8).fill(7))];
  const WORDS = { keyBytes: 4, valueBytes: 8, entries: 3 } as const;
  const lookup = "*(u32 *)(r10 - 4) = 1; r2 = r10; r2 += -4; r1 = map_fd 0 ll; call 1";
  test.each([
    [{ ...WORDS, kind: "array", contents: [...ELEMENTS, ...ELEMENTS.slice(1)] }],
    [{ ...WORDS, kind: "hash", contents: [...ELEMENTS, element([1, 0, 0, 0], Array(8).fill(5))] }],
    [{ ...WORDS, kind: "array", contents: [] }],
  ] satisfies [MapSpec][])("of a map that holds something at first: %j", (spec) => {
    for (const text of ["r0 = 0; exit", `${lookup}; if r0 == 0 goto +1; r0 = *(u64 *)(r0 + 0); exit`]) {
      const [compiled, meant] = both(programOf(bpf(text), { maps: [spec] }));
      expect(compiled).toEqual(meant);
    }
  });
  test("of a map of redirects that holds something and is not reached", () => {
    const spec: MapSpec = { kind: "redirect", to: "devmap", keyBytes: 4, valueBytes: 4, entries: 2, contents: [] };
    const contents = [element([1, 0, 0, 0], [5, 0, 0, 0]), element([0, 0, 0, 0], [6, 0, 0, 0])];
    const [compiled, meant] = both(programOf(bpf("r0 = 0; exit"), { maps: [{ ...spec, contents }] }));
    expect(compiled).toEqual(meant);
  });
});
