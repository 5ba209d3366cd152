import { expect, test } from "vitest";
import { pointer } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import type { Layout, Program } from "../../spec/bpf/program.js";
import { DEFAULT_ENV } from "../subject.js";
import { CALL_BASE, layoutOf } from "./layout.js";
import { RunMemory } from "./run-memory.js";

const CODE = { entries: [], instructionAt: () => 0, privateStacks: () => [] };
const INPUT = Uint8Array.from({ length: 40 }, (_, i) => i);
const MAPS: Program["maps"] = [
  { kind: "array", keyBytes: 4, valueBytes: 12, entries: 3 },
  {
    kind: "hash",
    keyBytes: 4,
    valueBytes: 8,
    entries: 2,
    contents: [{ key: Uint8Array.of(1, 2, 3, 4), value: new Uint8Array(8) }],
  },
];
const plain: Program = { code: [[]], maps: MAPS, context: "memory" };
const xdp: Program = { code: [[]], maps: MAPS, context: "xdp" };

function begin(program: Program): { memory: RunMemory; machine: Machine; layout: Layout } {
  const machine = new Machine();
  const memory = new RunMemory(machine, DEFAULT_ENV.offsets, CALL_BASE);
  const layout = layoutOf(program, INPUT.length);
  memory.set(program, layout, INPUT, CODE);
  return { memory, machine, layout };
}

test.each([
  ["a plain context", plain],
  ["a packet", xdp],
])("a run with %s that leaves what was expected returns just that, and else what it has left", (_, program) => {
  const { memory, machine, layout } = begin(program);
  const frame = layout.frames[0]!;
  const expected = memory.returned(frame, 0, 7n);
  expect(memory.returned(frame, 0, 7n, expected)).toBe(expected);
  expect(memory.returned(frame, 0, 8n, expected)).toMatchObject({ kind: "returned", r0: 8n });
  expect(memory.returned(frame, 1, 7n, expected)).toMatchObject({ kind: "returned", code: 1 });

  const { maps, context, packet } = layout;
  const regions = { stack: frame, context, packet, "map 0": maps[0]!.values, "map 1": maps[1]!.values };
  const changed: string[] = [];
  for (const [name, { base, bytes }] of Object.entries(regions)) {
    for (const at of bytes === 0 ? [] : [0, bytes - 1]) {
      // Of a hash map the second slot is free, and what lies there is nobody's.
      if (name === "map 1" && at > 0) continue;
      memory.set(program, layout, INPUT, CODE);
      expect(memory.returned(frame, 0, 7n, expected)).toBe(expected);
      machine.poke(base + at, Uint8Array.of(machine.peek(base + at, 1)[0]! ^ 0x80));
      const got = memory.returned(frame, 0, 7n, expected);
      expect(got).not.toBe(expected);
      if (got.kind !== "returned" || expected.kind !== "returned") throw new Error("it has returned");
      const others = got.regions.filter((region, i) => Buffer.compare(region.bytes, expected.regions[i]!.bytes) !== 0);
      expect(others.map((region) => region.name)).toEqual([name]);
      changed.push(name);
    }
  }
  expect(new Set(changed).size).toBe(program === xdp ? 5 : 4);
});

test("runs of another program, and of the same one loaded elsewhere, have what is theirs", () => {
  const { memory, machine } = begin(plain);
  const other: Program = {
    code: [[], []],
    maps: [{ kind: "progArray", entries: 1, programs: [1] }],
    context: "memory",
  };
  const layout = layoutOf(other, INPUT.length);
  const entry = (): bigint => {
    const object = layout.maps[0]!.object.base + DEFAULT_ENV.offsets.arrayPtrs;
    return machine.peek64(Number(machine.peek64(object) - pointer(0)) + DEFAULT_ENV.offsets.progFunc);
  };
  for (const entries of [
    [0x1000, 0x2000],
    [0x3000, 0x4000],
  ]) {
    memory.set(other, layout, INPUT, { ...CODE, entries });
    expect(entry()).toBe(pointer(entries[1]!));
  }
  memory.set(plain, layoutOf(plain, INPUT.length), INPUT, CODE);
  expect(machine.mapping(layout.maps[0]!.object.base)).not.toBeUndefined();
  expect(memory.returned(layout.frames[0]!, 0, 0n)).toMatchObject({
    regions: [{ name: "stack" }, { name: "context" }, { name: "map 0" }, { name: "map 1" }],
  });
});
