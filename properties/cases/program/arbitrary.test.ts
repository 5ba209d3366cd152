import fc from "fast-check";
import { expect, test } from "vitest";
import { type Insn, USER_ROWS } from "../../../spec/bpf/insn.js";
import { interpret } from "../../../spec/bpf/interpret.js";
import type { Row } from "../../../spec/bpf/isa.js";
import { validate } from "../../../spec/bpf/validate/validate.js";
import type { Case } from "../../../subjects/case.js";
import { layoutOf } from "../../../subjects/run/layout.js";
import { CaseArbitrary, type CaseOptions } from "./arbitrary.js";
import { EDGES } from "./blocks/immediates.js";
import { isSound } from "./soundness.js";

const sample = (numRuns: number, seed: number, options: CaseOptions = {}): readonly Case[] =>
  fc.sample(new CaseArbitrary(options), { numRuns, seed });

const slotsOf = ({ program }: Case): readonly Insn[] => program.code.flat();

/** Rows that programs may be written with, but no program here: there are no kfuncs, callbacks or kernel variables. */
const REFUSED = ["call kfunc", "lddw variable", "lddw code"];
/** The second slot of lddw never runs by itself. */
const USABLE = USER_ROWS.filter(({ id }) => !REFUSED.includes(id) && id !== "lddw high");

test("every case is valid, returns on every input and does not depend on where frames lie", () => {
  for (const c of sample(2000, 1)) {
    expect(validate(c.program)).toMatchObject({ ok: true });
    expect(isSound(c)).toBe(true);
  }
});

test("the rare size classes are valid too", () => {
  for (const c of [...sample(40, 2, { shape: "large" }), ...sample(6, 3, { shape: "huge" })]) {
    expect(validate(c.program)).toMatchObject({ ok: true });
    expect(isSound(c)).toBe(true);
  }
});

/** How often each row ran, and jumped or not. */
function countRows(cases: readonly Case[]): ReadonlyMap<Row, { taken: number; passed: number }> {
  const counts = new Map<Row, { taken: number; passed: number }>();
  for (const { program, inputs } of cases) {
    for (const input of inputs) {
      const count = (row: Row, taken?: boolean): void => {
        const known = counts.get(row) ?? { taken: 0, passed: 0 };
        counts.set(row, taken === true ? { ...known, taken: known.taken + 1 } : { ...known, passed: known.passed + 1 });
      };
      interpret({ program, input, layout: layoutOf(program, input.length), fuel: 50_000, count });
    }
  }
  return counts;
}

test("700 cases, many of them with packets, run every row, and every condition both ways", () => {
  const counts = countRows([...sample(500, 4), ...sample(200, 4, { features: { packet: true } })]);
  expect(USABLE.filter((row) => !counts.has(row)).map(({ id }) => id)).toEqual([]);
  const oneSided = USABLE.filter((row) => row.kind === "jump" && !(counts.get(row)!.taken && counts.get(row)!.passed));
  expect(oneSided.map(({ id }) => id)).toEqual([]);
});

test("every register comes in every operand of every row of arithmetic and jumps", () => {
  const seen = new Set(sample(4000, 5, { shape: "medium" }).flatMap(slotsOf).flatMap(operands));
  const missing: string[] = [];
  for (const row of USABLE.filter(
    ({ kind }) => kind === "alu" || kind === "jump" || kind === "movsx" || kind === "end",
  )) {
    for (let r = 0; r < 10; r++) {
      if (!seen.has(`${row.id} dst ${r}`)) missing.push(`${row.id} dst ${r}`);
      if (row.src === "r" && !seen.has(`${row.id} src ${r}`)) missing.push(`${row.id} src ${r}`);
    }
    if (row.src === "r" && !seen.has(`${row.id} dst = src`)) missing.push(`${row.id} dst = src`);
  }
  expect(missing).toEqual([]);
});

const operands = ({ row, dst, src }: Insn): readonly string[] => [
  `${row.id} dst ${dst}`,
  ...(row.src === "r" ? [`${row.id} src ${src}`, ...(dst === src ? [`${row.id} dst = src`] : [])] : []),
];

test("every register is the base and the data of loads, stores and atomics", () => {
  const slots = sample(4000, 6, { shape: "medium", features: { memory: true, atomics: true } }).flatMap(slotsOf);
  for (const kind of ["load", "store", "atomic"] as const) {
    const found = slots.filter(({ row }) => row.kind === kind);
    const [bases, data] = kind === "load" ? (["src", "dst"] as const) : (["dst", "src"] as const);
    expect([kind, new Set(found.map((slot) => slot[bases])).size]).toEqual([kind, 11]);
    expect([kind, new Set(found.map((slot) => slot[data])).size]).toEqual([kind, 10]);
  }
});

test("add, and, compare and store see every edge immediate", () => {
  const slots = sample(12_000, 7, { features: { memory: true } }).flatMap(slotsOf);
  const wanted: readonly ((row: Row) => boolean)[] = [
    (row) => row.id === "add imm" || row.id === "sub imm",
    (row) => row.id === "and imm" || row.id === "or imm" || row.id === "xor imm",
    (row) => row.kind === "jump" && row.operand === "imm",
    (row) => row.kind === "storeImm",
    (row) => row.id === "mov imm",
  ];
  for (const matches of wanted) {
    const imms = new Set(slots.filter(({ row }) => matches(row)).map(({ imm }) => imm));
    expect(EDGES.filter((edge) => !imms.has(edge))).toEqual([]);
  }
});

test("displacements lie on both sides of what the encodings hold", () => {
  const slots = sample(6000, 8, { features: { memory: true, pointers: true } }).flatMap(slotsOf);
  const offs = new Set(slots.filter(({ row }) => row.kind === "load" && row.size === 8).map(({ off }) => off));
  expect([-0x8000, -257, -256, -1, 0, 1, 255, 256, 32_760, 32_761, 0x7fff].filter((off) => !offs.has(off))).toEqual([]);
});

test("backward jumps come as every goto and as conditions, to slot 0 as well", () => {
  const backward = new Set<string>();
  for (const { program } of sample(3000, 9, { features: { loops: true } })) {
    for (const code of program.code) {
      code.forEach(({ row, off, imm }, pc) => {
        const distance = row.off === "branch" ? off : row.imm === "branch" ? imm : 0;
        if (distance < 0) backward.add(row.id).add(pc + 1 + distance === 0 ? "to slot 0" : "elsewhere");
      });
    }
  }
  const jumps = USABLE.filter((row) => row.kind === "ja" || (row.kind === "jump" && row.operand === "reg"));
  expect([...jumps.map(({ id }) => id), "to slot 0"].filter((what) => !backward.has(what))).toEqual([]);
});

test("the shape bounds the size", () => {
  expect(
    Math.max(...sample(300, 10, { shape: "tiny", features: NO_EXTRAS }).map((c) => slotsOf(c).length)),
  ).toBeLessThan(30);
  const huge = sample(3, 11, { shape: "huge" });
  for (const c of huge) expect(c.program.code[0]!.length).toBeGreaterThan(1100);
});

const NO_EXTRAS = {
  calls: false,
  tailCalls: false,
  maps: false,
  packet: false,
  loops: false,
  branches: false,
  kernel: false,
} as const;

test("a feature that is switched off stays out", () => {
  const kinds = new Set(
    sample(500, 12, { features: NO_EXTRAS })
      .flatMap(slotsOf)
      .map(({ row }) => row.kind),
  );
  expect([...kinds].filter((kind) => kind === "jump" || kind === "ja")).toEqual([]);
  const calls = sample(500, 12, { features: { ...NO_EXTRAS, helpers: false } }).flatMap(slotsOf);
  expect(calls.filter(({ row }) => row.kind === "call")).toEqual([]);
});

test("a seed gives the same cases again", () => {
  expect(sample(50, 13)).toEqual(sample(50, 13));
});

test("environments and inputs vary", () => {
  const cases = sample(500, 14);
  expect(new Set(cases.map(({ env }) => env.cpu))).toEqual(new Set(["lse", "ll-sc"]));
  expect([...new Set(cases.map(({ env }) => env.hole))].sort((a, b) => a - b)).toEqual([0, 8, 16, 24, 32, 40, 48]);
  expect(new Set(cases.map(({ inputs }) => inputs.length))).toEqual(new Set([2, 3, 4]));
  expect(new Set(cases.map(({ program }) => program.context))).toEqual(new Set(["memory", "tracing", "xdp", "skb"]));
});
