import { describe, expect, test } from "vitest";
import { type Insn, USER_ROWS } from "./insn.js";
import { interpret } from "./interpret.js";
import { ROWS, type Row } from "./isa.js";
import { pointerTo } from "./memory.js";
import type { Outcome } from "./outcome.js";
import { EXIT, LAYOUT, op, r0, returned, run, set } from "./testing.js";

/** Rows that no program of ours runs to its end with, and the fault that they are refused by. */
const REFUSED_ROWS: Readonly<Record<string, Partial<Outcome>>> = {
  "call kfunc": { kind: "faulted", why: "badCall", detail: "a kernel function that is not modelled" },
  "lddw variable": { kind: "faulted", why: "badCall", detail: "kernel variables are not supported" },
  "lddw code": { kind: "faulted", why: "badCall", detail: "function pointers are not supported" },
  "lddw high": { kind: "faulted", why: "badJump", detail: "jump into the second slot of lddw" },
};
/** Of `around(gotox)`: its last slot. */
const TO_THE_EXIT = { kind: "insnArray", entries: 1, code: 0, slots: [8] } as const;
const ARRAY = { kind: "array", keyBytes: 4, valueBytes: 8, entries: 1 } as const;
const HELPER_KTIME = 5;

/** A program around one row: r0 = 0, r6 = 3, r7 points into the frame. */
function around(row: Row): readonly Insn[] {
  const start = [
    op("mov imm", { imm: 0 }),
    op("mov imm", { dst: 6, imm: 3 }),
    op("mov reg", { dst: 7, src: 10 }),
    op("add imm", { dst: 7, imm: -8 }),
  ];
  const imms: Partial<Record<Row["imm"], number>> = { any: 3, divisor: 3, shift: 3, helper: HELPER_KTIME };
  const imm = imms[row.imm] ?? 0;
  switch (row.kind) {
    case "alu":
    case "neg":
    case "movsx":
    case "end":
    case "ja":
    case "jump":
    case "exit":
    case "lddwHigh":
    case "mayGoto":
    case "kernel":
      return [...start, op(row.id, { src: row.src === "none" ? 0 : 6, imm }), EXIT];
    case "gotox":
      return [
        ...start,
        op("lddw mapFdValue", { dst: 1 }),
        op("lddw high"),
        op("ldxdw", { dst: 1, src: 1 }),
        op(row.id, { dst: 1 }),
        EXIT,
      ];
    case "call":
      return [...start, op(row.id, { imm: row.target === "local" ? 1 : row.target === "kfunc" ? 1 : imm }), EXIT, EXIT];
    case "legacyLoad":
      return [
        op("mov reg", { dst: 6, src: 1 }),
        ...set(7, 1n),
        op(row.id, { src: row.src === "r" ? 7 : 0, imm }),
        EXIT,
      ];
    case "lddw":
      return [...start, op(row.id), op("lddw high"), EXIT];
    case "stackArgument":
      return [
        ...[
          op("stx argument", { src: 6, off: -8 }),
          op("st argument", { imm: 3, off: -16 }),
          op("call local", { imm: 1 }),
          EXIT,
        ],
        ...[op(row.op === "load" ? row.id : "ldx argument", { off: 8 }), op("ldx argument", { dst: 1, off: 16 }), EXIT],
      ];
    case "load":
    case "loadAcquire":
      return [...start, op(row.id, { src: 7 }), EXIT];
    case "storeImm":
    case "store":
    case "storeRelease":
    case "atomic":
      return [
        ...start,
        op(row.id, { dst: 7, src: row.src === "none" ? 0 : 6, imm: row.kind === "storeImm" ? 3 : 0 }),
        EXIT,
      ];
    default:
      return row satisfies never;
  }
}

describe("every row", () => {
  test.each(USER_ROWS.filter(({ id }) => REFUSED_ROWS[id] === undefined))("$id runs", (row) => {
    const seen = new Set<Row>();
    const packet = row.kind === "legacyLoad" ? ({ context: "skb", input: [0, 0, 0, 0, 1, 2, 3, 4] } as const) : {};
    const outcome = run(around(row), {
      ...packet,
      maps: row.kind === "gotox" ? [TO_THE_EXIT] : [ARRAY],
      count: (one) => seen.add(one),
    });
    expect(outcome).toMatchObject({ kind: "returned" });
    expect(seen).toContain(row);
  });

  test.each(USER_ROWS.filter(({ id }) => REFUSED_ROWS[id] !== undefined))("$id is refused", (row) => {
    expect(run(around(row), { maps: [ARRAY] })).toMatchObject({ pc: 4, ...REFUSED_ROWS[row.id] });
  });

  test("the refused rows are the four that are named", () => {
    expect(USER_ROWS.filter(({ id }) => REFUSED_ROWS[id] !== undefined)).toHaveLength(4);
  });

  test.each(ROWS.filter(({ group }) => group === "kernel"))("$id, which a verifier makes, is a bad opcode", (row) => {
    expect(run(around(row))).toMatchObject({ kind: "faulted", pc: 4, why: "badOpcode" });
  });
});

describe("lddw", () => {
  const high = (imm: number): Insn => op("lddw high", { imm });

  test.each([
    [0x1234_5678, 0x7bcd_ef01, 0x7bcd_ef01_1234_5678n],
    [-1, 0, 0xffff_ffffn],
    [0, -1, 0xffff_ffff_0000_0000n],
    [-2, -1, 0xffff_ffff_ffff_fffen],
  ])("of the halves %i and %i", (low, upper, value) => {
    expect(r0([op("lddw imm64", { imm: low }), high(upper), EXIT])).toBe(value);
  });

  test.each([
    ["mapFd", 0, pointerTo(LAYOUT.maps[1]!.object.base)],
    ["mapIndex", 0, pointerTo(LAYOUT.maps[1]!.object.base)],
    ["mapFdValue", 6, pointerTo(LAYOUT.maps[1]!.values.base + 6)],
    ["mapIndexValue", 6, pointerTo(LAYOUT.maps[1]!.values.base + 6)],
  ])("%s of the second map", (source, offset, value) => {
    expect(r0([op(`lddw ${source}`, { imm: 1 }), high(offset), EXIT], { maps: [ARRAY, ARRAY] })).toBe(value);
  });

  test.each(["mapFd", "mapFdValue"])("%s of a map that is not there is a bad access", (source) => {
    const code = [op(`lddw ${source}`, { imm: 1 }), high(0), EXIT];
    expect(run(code, { maps: [ARRAY] })).toMatchObject({ kind: "faulted", pc: 0, why: "badAccess" });
  });

  test("without its second slot is a bad opcode", () => {
    expect(run([op("lddw imm64"), EXIT])).toMatchObject({ kind: "faulted", pc: 0, why: "badOpcode" });
    expect(run([op("lddw imm64")])).toMatchObject({ kind: "faulted", pc: 0, why: "badOpcode" });
  });
});

test("a register that does not exist is a bad opcode", () => {
  expect(run([op("mov imm", { dst: 11 }), EXIT])).toMatchObject({ kind: "faulted", pc: 0, why: "badOpcode" });
  expect(run([op("mov reg", { src: 15 }), EXIT])).toMatchObject({ kind: "faulted", pc: 0, why: "badOpcode" });
});

describe("fuel", () => {
  const three = [op("mov imm"), ...set(1, 5n), EXIT];

  test("is one for an instruction, lddw included", () => {
    expect(run(three, { fuel: 3 }).kind).toBe("returned");
    expect(run(three, { fuel: 2 })).toEqual({ kind: "outOfFuel" });
  });

  test("ends a loop", () => {
    expect(run([op("ja", { off: -1 })], { fuel: 1000 })).toEqual({ kind: "outOfFuel" });
  });
});

describe("what a run reports", () => {
  const names = (outcome: Extract<Outcome, { kind: "returned" }>): readonly string[] =>
    outcome.regions.map(({ name, bytes }) => `${name}: ${bytes.length}`);
  const HASH = { kind: "hash", keyBytes: 4, valueBytes: 8, entries: 1 } as const;
  const PROGS = { kind: "progArray", entries: 1, programs: [undefined] } as const;

  test("frame, context and the maps that hold values", () => {
    const outcome = returned([EXIT], { input: [1, 2], maps: [ARRAY, PROGS, HASH] });
    expect(names(outcome)).toEqual(["stack: 512", "context: 2", "map 0: 8", "map 2: 0"]);
  });

  test("the packet for XDP", () => {
    const outcome = returned([EXIT], { input: [1, 2], context: "xdp" });
    expect(names(outcome)).toEqual(["stack: 512", "context: 96", "packet: 2"]);
  });

  test("each instruction before it runs", () => {
    const seen: string[] = [];
    const code = [op("mov imm", { imm: 4 }), op("call local", { imm: 1 }), EXIT, op("add imm", { imm: 1 }), EXIT];
    run(code, {
      trace: ({ pc, code, insn, registers }) => seen.push(`${code}:${pc} ${insn.row.id} r0=${registers[0]}`),
    });
    expect(seen).toEqual([
      "0:0 mov imm r0=0",
      "0:1 call local r0=4",
      "0:3 add imm r0=4",
      "0:4 exit r0=5",
      "0:2 exit r0=5",
    ]);
  });

  test("each row that ran, and both directions of a jump even where they meet", () => {
    const seen: string[] = [];
    const code = [op("jeq imm", { imm: 0 }), op("jeq imm", { imm: 1 }), EXIT];
    run(code, { count: (row, taken) => seen.push(`${row.id} ${taken}`) });
    expect(seen).toEqual(["jeq imm true", "jeq imm false", "exit undefined"]);
  });
});

test("the same code in another layout finds its maps there", () => {
  const code = [op("lddw mapFd", { dst: 0, imm: 0 }), op("lddw high"), EXIT];
  const moved = { ...LAYOUT, maps: LAYOUT.maps.toReversed() };
  const program = { code: [code], maps: [ARRAY], context: "memory" } as const;
  const at = (layout: typeof LAYOUT) => interpret({ program, input: new Uint8Array(), layout, fuel: 10 });
  expect(at(LAYOUT)).toMatchObject({ r0: pointerTo(LAYOUT.maps[0]!.object.base) });
  expect(at(moved)).toMatchObject({ r0: pointerTo(LAYOUT.maps[2]!.object.base) });
});
