import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Insn, insn } from "../bpf/insn.js";
import { interpret } from "../bpf/interpret.js";
import { ROWS, type Row, rowById } from "../bpf/isa.js";
import type { Outcome } from "../bpf/outcome.js";
import type { MapSpec, Program } from "../bpf/program.js";
import { LAYOUT } from "../bpf/testing.js";
import { bpf } from "../bpf/text/bpf.js";
import { compiledInterpreter } from "./interpret.js";
import { both, INPUT, plain, programOf } from "./testing.js";

const BUILT_FROM = new URL("../../dist/spec/compiled/bpf.sources", import.meta.url);
const ASSEMBLY = new URL("assembly/", import.meta.url);

test("the interpreter is built, and from these sources", () => {
  const sources = readdirSync(ASSEMBLY).filter((name) => name.endsWith(".ts"));
  const hash = createHash("sha256");
  for (const name of sources.sort()) hash.update(readFileSync(new URL(name, ASSEMBLY)));
  hash.update(readFileSync(new URL("layout.ts", import.meta.url)));
  expect(readFileSync(BUILT_FROM, "utf8"), "run `npm run build:wasm`").toBe(hash.digest("hex"));
  expect(compiledInterpreter()).toBeDefined();
});

const EDGES = [0n, 1n, 2n, 31n, 0x7fffn, 0x8000_0000n, 0xffff_ffffn];
const VALUES = [...EDGES, ~0n, ~1n, 1n << 63n, 0x8123_4567_89ab_cdefn].map((value) => BigInt.asUintN(64, value));
const LDDW = rowById("lddw imm64");
const HIGH = rowById("lddw high");
const constant = (dst: number, value: bigint): Insn[] => [
  insn(LDDW, { dst, imm: Number(BigInt.asIntN(32, value)) }),
  insn(HIGH, { imm: Number(BigInt.asIntN(32, value >> 32n)) }),
];
const EXIT = insn(rowById("exit"));
const IMMEDIATES = [0, 1, 2, 31, -1, -2, 0x7fff_ffff, -0x8000_0000];

/** Two registers with values, the instruction, and what it has made of them. */
function tried(row: Row, a: bigint, b: bigint, imm: number): Program {
  const off = row.off === "branch" ? 1 : row.off === "mem" ? -8 : 0;
  const given = insn(row, { dst: 2, src: 3, off, imm });
  const skipped = insn(rowById("mov imm"), { dst: 2, imm: 77 });
  const seen = ["xor reg", "mov reg"]
    .map((id) => insn(rowById(id), { dst: 0, src: id === "xor reg" ? 3 : 2 }))
    .reverse();
  return programOf(
    [...constant(2, a), ...constant(3, b), given, skipped, ...seen, EXIT].filter(
      (one) => one !== skipped || row.off === "branch",
    ),
  );
}

const COMPUTING = ROWS.filter(({ kind }) => ["alu", "neg", "movsx", "end", "jump"].includes(kind));

describe("says what the other interpreter says", () => {
  test.each(COMPUTING.map((row) => [row.id, row] as const))("of %s", (_, row) => {
    for (const a of VALUES) {
      for (const b of VALUES) {
        const [compiled, meant] = both(tried(row, a, b, 3));
        expect(compiled, `${a} and ${b}`).toEqual(meant);
      }
      for (const imm of row.src === "none" ? IMMEDIATES : []) {
        const [compiled, meant] = both(tried(row, a, 5n, imm));
        expect(compiled, `${a} and ${imm}`).toEqual(meant);
      }
    }
  });
});

describe("says the same of what programs do beside computing", () => {
  const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 12, entries: 2 };
  const HASH: MapSpec = { kind: "hash", keyBytes: 3, valueBytes: 8, entries: 2 };
  const PROGS: MapSpec = { kind: "progArray", entries: 3, programs: [0, undefined, 1] };
  const key = (value: number, map: number): string =>
    `*(u32 *)(r10 - 4) = ${value}; r2 = r10; r2 += -4; r1 = map_fd ${map} ll; r3 = r10; r3 += -16; r4 = r9`;
  const update = (value: number, map: number, flags: number): string =>
    `r9 = ${flags}; *(u64 *)(r10 - 16) = 7; *(u64 *)(r10 - 8) = 9; ${key(value, map)}; call 2`;

  test.each([
    ...[0, 1, 2, 3, 4, 5, 6, 8].flatMap((flags) => [0, 1].map((map) => `${update(1, map, flags)}; exit`)),
    `${update(5, 0, 0)}; exit`,
    // A third key finds no room; the lowest slot that was freed is taken again.
    `${[1, 2, 3].map((value) => update(value, 1, 0)).join("; ")}; exit`,
    `${[1, 2].map((value) => update(value, 1, 0)).join("; ")}; ${key(1, 1)}; call 3; r6 = r0; ${update(3, 1, 1)}; ${key(3, 1)}; call 1; r0 += r6; exit`,
    `${key(1, 1)}; call 3; exit`,
    `${key(1, 0)}; call 3; exit`,
    `${key(1, 0)}; call 1; if r0 == 0 goto +1; *(u32 *)(r0 + 8) = -1; exit`,
    `${key(2, 0)}; call 1; exit`,
    `${key(0, 2)}; call 1; exit`,
    "call 5; r6 = r0; call 5; r0 -= r6; exit",
    "call 7; r6 = r0; call 7; r0 <<= 32; r0 |= r6; exit",
    "call 8; r0 += 3; exit",
    ...[15, 35, 42, 80, 118, 125, 160, 208].map((id) => `call ${id}; r6 = r0; call ${id}; r0 ^= r6; r0 += r6; exit`),
    "call 125; r6 = r0; call 160; r6 *= r0; call 118; r6 *= r0; call 208; r0 ^= r6; exit",
    "call 14; exit",
    "call 6; exit",
    "r0 = map_fd_value 0 + 8 ll; r1 = map_idx 1 ll; r0 += r1; exit",
    // Local calls: their frames, what they save, and as deep as they may be.
    "r6 = 5; call pc+2; r0 += r6; exit; r6 = 9; *(u64 *)(r10 - 8) = 3; r0 = *(u64 *)(r10 - 8); exit",
    "call pc+1; exit; r0 = *(u64 *)(r10 - 8); exit",
    "call pc+1; exit; r0 = r10; exit",
    "call pc+1; exit; call pc-2; exit",
    "r0 = 0; r0 = *(u8 *)(r10 - 512); exit",
    "r0 = *(u8 *)(r10 - 513); exit",
    "r0 = *(u16 *)(r1 + 15); exit",
    "r0 = *(s16 *)(r1 + 13); exit",
    "r0 = *(u64 *)(r1 + 3); exit",
    "r2 = 1; lock *(u32 *)(r1 + 2) += r2; r0 = 0; exit",
    "r2 = 1; r0 = 2; r2 = atomic_fetch_add((u64 *)(r1 + 8), r2); r0 = r2; exit",
    "r0 = *(u64 *)(r1 + 0); r2 = 6; r0 = cmpxchg_64(r1 + 0, r0, r2); r3 = r0; r0 = cmpxchg_64(r1 + 0, r0, r2); exit",
    "r0 = 0; goto -1; exit",
    "r0 = 0; goto +7; exit",
    "r0 = 0",
    // Tail calls: another program, none, itself again and again, and out of a function.
    ...[0, 1, 2, 3, 7].map((slot) => `*(u64 *)(r10 - 8) = 1; r0 = 4; r2 = map_fd 2 ll; r3 = ${slot}; call 12; exit`),
    "r6 = r1; call pc+2; r0 += 1; exit; r1 = r6; r2 = map_fd 2 ll; r3 = 2; call 12; r0 = 1; exit",
    "r2 = map_fd 0 ll; r3 = 0; call 12; exit",
    "r1 += 1; r2 = map_fd 2 ll; r3 = 0; call 12; exit",
  ])("%s", (text) => {
    const code = [bpf(text), bpf("r0 = 8; *(u16 *)(r10 - 2) = 5; exit")];
    const [compiled, meant] = both({ code, maps: [ARRAY, HASH, PROGS], context: "memory" }, 3000);
    expect(compiled).toEqual(meant);
  });

  const miss = "r1 = r6; r2 = map_fd 0 ll; r3 = 1; call 12";
  const hit = "r1 = r6; r2 = map_fd 0 ll; r3 = 0; call 12";
  const MISSES = `r6 = r1; r7 = 40; ${miss}; r7 += -1; if r7 != 0 goto -7; ${hit}; r0 = 9; exit`;
  const BEYOND = MISSES.replace("r3 = 1", "r3 = 3");
  const AGAIN =
    "r2 = *(u64 *)(r1 + 0); r2 += 1; *(u64 *)(r1 + 0) = r2; r0 = r2; r2 = map_fd 0 ll; r3 = 0; call 12; exit";
  const CALLS_TWICE = `r6 = r1; *(u64 *)(r6 + 0) = 0; call pc+5; r1 = r6; call pc+3; r1 = r6; r0 = *(u64 *)(r1 + 0); exit; r6 = r1; ${hit}; r0 = 0; exit`;
  test.each([
    ["40 misses", MISSES, "r0 = 2; exit", [2n, 9n, 2n, 9n]],
    // An index beyond the array is looked at before anything counts.
    ["40 times beyond the array", BEYOND, "r0 = 2; exit", [2n, 2n, 2n, 2n]],
    ["two functions", CALLS_TWICE, AGAIN, [33n, 33n, 66n, 66n]],
    ["one chain", `r6 = r1; *(u64 *)(r6 + 0) = 0; ${hit}; exit`, AGAIN, [33n, 33n, 33n, 33n]],
  ])("of tail calls however they count: %s", (_, main, target, results) => {
    const maps: MapSpec[] = [{ kind: "progArray", entries: 2, programs: [1, undefined] }];
    const counts = [0, 1, 2, 3].map((n) => ({ countsEmptySlots: (n & 1) !== 0, forgetsReturned: (n & 2) !== 0 }));
    const got = counts.map((count) => {
      const [compiled, meant] = both({ code: [bpf(main), bpf(target)], maps, context: "memory" }, 3000, count);
      expect(compiled).toEqual(meant);
      return (meant as { r0?: bigint }).r0;
    });
    expect(got).toEqual(results);
  });

  test.each([
    "r2 = *(u32 *)(r1 + 0); r0 = *(u32 *)(r1 + 4); r0 -= r2; exit",
    "r2 = *(u32 *)(r1 + 8); r0 = *(u64 *)(r2 + 8); exit",
    "r2 = *(u32 *)(r1 + 0); r0 = *(u64 *)(r2 + 9); exit",
    "r0 = *(u64 *)(r1 + 0); exit",
    "r0 = *(u32 *)(r1 + 24); exit",
    "*(u32 *)(r1 + 0) = 1; r0 = 0; exit",
  ])("of xdp: %s", (text) => {
    const [compiled, meant] = both({ code: [bpf(text)], maps: [], context: "xdp" });
    expect(compiled).toEqual(meant);
  });

  const INSNS: MapSpec = { kind: "insnArray", entries: 3, code: 0, slots: [4, 6, 6] };
  const CALLS =
    "may_goto +5; call pc+4; r7 = r0; call pc+2; r0 += r7; exit; r0 = 0; r0 += 1; may_goto +1; goto -3; exit";
  test.each([
    ...[0, 1, 2, 3].map(
      (entry) => `r1 = map_fd_value 0 + ${8 * entry} ll; r0 = *(u64 *)(r1 + 0); gotox r0; r0 = 5; exit; r0 = 6; exit`,
    ),
    "r1 = map_fd_value 0 + 0 ll; r0 = *(u64 *)(r1 + 0); r0 += 4; gotox r0; exit",
    "r1 = map_fd_value 0 + 0 ll; r0 = *(u64 *)(r1 + 0); r0 += 800; gotox r0; exit",
    "r1 = map_fd_value 0 + 0 ll; *(u64 *)(r1 + 0) = 1; r0 = 0; exit",
    "r0 = 0; gotox r0; exit",
    "r0 = 0; r0 += 1; may_goto +1; goto -3; exit",
    "r0 = 0; may_goto +9; goto -2; exit",
    CALLS,
    // What is left of the caller's budget is there again after a call that spends its own.
    "r6 = 0; call pc+5; r6 += 1; may_goto +1; goto -4; r0 = r6; exit; r0 = 0; may_goto +1; goto -2; exit",
  ])("of what newer kernels have: %s", (text) => {
    for (const loops of [undefined, 0, 1, 7]) {
      const program = programOf(bpf(text), { maps: [INSNS], ...(loops !== undefined && { loops }) });
      const [compiled, meant] = both(program, 5000);
      expect(compiled).not.toBe("not taken");
      expect(compiled).toEqual(meant);
    }
  });

  test("after a tail call the budget is whole, and the kernel's counter is not the program's", () => {
    const spend = "r0 = 0; r0 += 1; may_goto +1; goto -3";
    const code = [
      bpf(`*(u64 *)(r10 - 8) = 3; ${spend}; r2 = map_fd 0 ll; r3 = 0; call 12; exit`),
      bpf(`*(u64 *)(r10 - 16) = 4; ${spend}; exit`),
    ];
    const program: Program = {
      ...programOf([]),
      code,
      maps: [{ kind: "progArray", entries: 1, programs: [1] }],
      loops: 3,
    };
    const frames = LAYOUT.frames.map((frame) => ({ ...frame, counter: frame.base + 480 }));
    const run = { program, input: INPUT, layout: { ...LAYOUT, frames }, fuel: 99 };
    const compiled = compiledInterpreter()!.interpret(run);
    expect(compiled).toMatchObject({ kind: "returned", r0: 4n, code: 1 });
    expect(plain(compiled as Outcome)).toEqual(plain(interpret(run)));
  });

  test.each([
    "r0 = *(u64 *)(r1 + 8); exit",
    "*(u8 *)(r1 + 0) = 1; r0 = 0; exit",
    "r2 = 1; lock *(u32 *)(r1 + 4) += r2; exit",
  ])("of a context that may only be read: %s", (text) => {
    const [compiled, meant] = both(programOf(bpf(text), { context: "tracing" }));
    expect(compiled).toEqual(meant);
  });

  test.each([
    ["a map that is not there", programOf(bpf("r0 = map_fd 1 ll; exit"), { maps: [ARRAY] })],
    ["an instruction of the verifier's", programOf([insn(rowById("nospec")), EXIT])],
    ["no second slot of a wide instruction", programOf([...constant(0, 7n).slice(0, 1), EXIT])],
    ["an array with a program that is not there", programOf(bpf("r0 = 0; exit"), { maps: [PROGS] })],
  ])("a program with %s is not taken", (_, program) => {
    expect(compiledInterpreter()!.interpret({ program, layout: LAYOUT, input: INPUT, fuel: 9 })).toBeUndefined();
  });

  test("a program that is too large is not taken", () => {
    const fields = { layout: LAYOUT, input: INPUT, fuel: 9 };
    const exit = bpf("r0 = 0; exit");
    const large: MapSpec = { ...ARRAY, entries: 2_000_000 };
    const ring: MapSpec = { kind: "ringBuffer", entries: 2 ** 24 };
    for (const program of [large, ring].map((map) => programOf(exit, { maps: [map] }))) {
      expect(compiledInterpreter()!.interpret({ ...fields, program })).toBeUndefined();
    }
    expect(compiledInterpreter()!.interpret({ ...fields, program: programOf(exit) })?.kind).toBe("returned");
  });
});
