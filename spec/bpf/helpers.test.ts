import { describe, expect, test } from "vitest";
import { type U64, u64 } from "../bits.js";
import { helperName } from "./helper-names.js";
import { HELPERS, type HelperState, initialHelperState } from "./helpers.js";
import type { Insn } from "./insn.js";
import { MapStates } from "./maps.js";
import { pointerTo, RegionMemory } from "./memory.js";
import type { MapSpec } from "./program.js";
import { EXIT, LAYOUT, mapPointer, op, r0, regionAfter, run } from "./testing.js";

const HASH: MapSpec = { kind: "hash", keyBytes: 4, valueBytes: 2, entries: 4 };
const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 8, entries: 2 };
const PROGS: MapSpec = { kind: "progArray", entries: 1, programs: [undefined] };
const maps = [HASH, ARRAY, PROGS];

const call = (imm: number): Insn => op("call helper", { imm });
const frameAt = (dst: number, off: number): readonly Insn[] => [
  op("mov reg", { dst, src: 10 }),
  op("add imm", { dst, imm: off }),
];
const key = (value: number): Insn => op("stw", { dst: 10, off: -4, imm: value });
const value = (v: number): Insn => op("sth", { dst: 10, off: -8, imm: v });
const lookup = (map: number): readonly Insn[] => [...mapPointer(1, map), ...frameAt(2, -4), call(1)];
const update = (map: number, flags = 0): readonly Insn[] => [
  ...mapPointer(1, map),
  ...frameAt(2, -4),
  ...frameAt(3, -8),
  op("mov imm", { dst: 4, imm: flags }),
  call(2),
];
const remove = (map: number): readonly Insn[] => [...mapPointer(1, map), ...frameAt(2, -4), call(3)];

describe("map helpers", () => {
  test("lookup of a missing key is null", () => {
    expect(r0([key(1), ...lookup(0), EXIT], { maps })).toBe(0n);
  });

  test("lookup gives a pointer that loads and stores go through", () => {
    const code = [key(1), ...lookup(1), op("stdw", { dst: 0, imm: 5 }), op("ldxb", { dst: 0, src: 0 }), EXIT];
    expect(r0(code, { maps })).toBe(5n);
    expect([...regionAfter("map 1", code, { maps })]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("update, then lookup", () => {
    const code = [key(1), value(0x1234), ...update(0), ...lookup(0), op("ldxh", { dst: 0, src: 0 }), EXIT];
    expect(r0(code, { maps })).toBe(0x1234n);
    expect([...regionAfter("map 0", code, { maps })]).toEqual([1, 0, 0, 0, 0x34, 0x12]);
  });

  test("an error number is a negative 64-bit number", () => {
    expect(r0([key(1), value(0), ...update(0, 2), EXIT], { maps })).toBe(0xffff_ffff_ffff_fffen);
    expect(r0([key(1), ...remove(1), EXIT], { maps })).toBe(0xffff_ffff_ffff_ffean);
  });

  test("delete", () => {
    const code = [key(1), value(0), ...update(0), ...remove(0), EXIT];
    expect(r0(code, { maps })).toBe(0n);
    expect([...regionAfter("map 0", code, { maps })]).toEqual([]);
  });

  test.each([
    ["r1 is no map", [op("mov imm", { dst: 1, imm: 0 }), call(1)], "badCall", "r1 does not point to a map"],
    ["r1 is a prog array", lookup(2), "badCall", "map 2 is a prog array"],
    [
      "the key is nowhere",
      [...mapPointer(1, 0), op("mov imm", { dst: 2, imm: 0 }), call(3)],
      "badAccess",
      "r2 does not point to 4 readable bytes",
    ],
    [
      "the value is nowhere",
      [...mapPointer(1, 0), ...frameAt(2, -4), op("mov imm", { dst: 3, imm: 0 }), call(2)],
      "badAccess",
      "r3 does not point to 2 readable bytes",
    ],
  ])("where %s it faults at the call", (_, code, why, detail) => {
    const outcome = run([...code, EXIT], { maps });
    expect(outcome).toMatchObject({
      kind: "faulted",
      pc: code.length - 1,
      why,
      detail: expect.stringContaining(detail),
    });
  });

  test("a key in a callee's frame that was not written is uninitialised", () => {
    const code = [op("call local", { imm: 1 }), EXIT, ...lookup(0), EXIT];
    expect(run(code, { maps })).toMatchObject({ kind: "faulted", pc: 6, why: "uninitialisedStack" });
  });

  test("a map object is not memory", () => {
    const code = [...mapPointer(1, 0), op("ldxb", { dst: 0, src: 1 }), EXIT];
    expect(run(code, { maps })).toMatchObject({ kind: "faulted", pc: 2, why: "badAccess" });
  });
});

describe("other helpers", () => {
  function state(): HelperState {
    const memory = new RegionMemory();
    const program = { context: "memory", maps: [] } as const;
    return initialHelperState({
      memory,
      kernel: memory,
      maps: new MapStates([], LAYOUT, memory),
      program,
      layout: LAYOUT,
    });
  }
  const none: readonly U64[] = [0n, 0n, 0n, 0n, 0n].map(u64);
  const twice = (id: number): readonly unknown[] => {
    const one = state();
    return [HELPERS.get(id)?.run(one, none), HELPERS.get(id)?.run(one, none)];
  };
  const ok = (value: bigint) => ({ ok: true, r0: value });

  test("ktime_get_ns goes on by a microsecond", () => {
    expect(twice(5)).toEqual([ok(1_000_000_000n), ok(1_000_001_000n)]);
  });

  test("get_prandom_u32 is the low half of xorshift64", () => {
    const small = { ...state(), random: 1n };
    expect(HELPERS.get(7)?.run(small, none)).toEqual(ok(0x4082_2041n));
    expect(small.random).toBe(0x4082_2041n);
    expect(HELPERS.get(7)?.run(small, none)).toEqual(ok(0x0c01_1441n));
  });

  test("get_smp_processor_id is the run's CPU", () => {
    expect(HELPERS.get(8)?.run({ ...state(), cpu: 3 }, none)).toEqual(ok(3n));
  });

  test("get_current_pid_tgid is constant", () => {
    expect(twice(14)).toEqual([ok(0x0000_04d2_0000_04d3n), ok(0x0000_04d2_0000_04d3n)]);
  });

  test("each run starts in the same state", () => {
    const code = [call(7), op("mov reg", { dst: 6, src: 0 }), call(5), op("xor reg", { dst: 0, src: 6 }), EXIT];
    expect(r0(code)).toBe(r0(code));
  });

  test("the table is keyed by the number and has a name for each", () => {
    expect([...HELPERS].filter(([id, helper]) => id !== helper.id || helperName(id) !== `bpf_${helper.name}`)).toEqual(
      [],
    );
  });

  test("pointers are the whole 64 bits", () => {
    expect(pointerTo(0x1234)).toBe(0xffff_0000_0000_1234n);
  });
});

test("a helper is named, and a number without one keeps its number", () => {
  for (const { id, name } of HELPERS.values()) expect(helperName(id)).toBe(`bpf_${name}`);
  expect(helperName(12)).toBe("bpf_tail_call");
  expect(helperName(211)).toBe("bpf_cgrp_storage_delete");
  expect(helperName(9999)).toBe("helper 9999");
});

const CONTEXTS = ["memory", "tracing", "xdp", "skb"] as const;
const ONE_CONTEXT = [...HELPERS.values()].flatMap(({ id, name, contexts }) =>
  contexts === undefined
    ? []
    : CONTEXTS.filter((one) => !contexts.includes(one)).map((one) => [name, one, id] as const),
);

test.each(ONE_CONTEXT)("%s in a program whose context is %s ends it", (name, context, id) => {
  const zeroes = [1, 2, 3, 4, 5].map((dst) => op("mov imm", { dst, imm: 0 }));
  const outcome = run([...zeroes, call(id), op("mov imm", { dst: 0, imm: 0 }), EXIT], { context });
  expect(outcome).toMatchObject({ kind: "faulted", pc: 5, why: "badCall" });
  expect((outcome as { detail: string }).detail).toMatch(
    new RegExp(`^${name}: works on .*, the context is ${context}$`),
  );
});
