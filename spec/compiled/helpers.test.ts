import { describe, expect, test } from "vitest";
import { interpret } from "../bpf/interpret.js";
import type { Outcome } from "../bpf/outcome.js";
import type { MapSpec } from "../bpf/program.js";
import { LAYOUT } from "../bpf/testing.js";
import { bpf } from "../bpf/text/bpf.js";
import { compiledInterpreter } from "./interpret.js";
import { both, INPUT, plain, programOf } from "./testing.js";

describe("says what the other interpreter says", () => {
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
