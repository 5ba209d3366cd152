// What `validate` promises is held against runs of the interpreter: a valid program never does what a JIT cannot be asked
// to do, never uses its frame deeper than said, and reads the xdp context exactly where said.

import fc from "fast-check";
import { expect, test } from "vitest";
import { assertLaw } from "../../../testing/law.js";
import { type Insn, insn } from "../insn.js";
import { interpret, POISON } from "../interpret.js";
import { ROWS, type Row, rowById } from "../isa.js";
import { type ContextKind, type Program, STACK_BYTES } from "../program.js";
import { LAYOUT } from "../testing.js";
import { print } from "../text/print.js";
import { factsOfCode, validate } from "./validate.js";

const slot = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
const reg = fc.nat(9);
/** Mostly the frame pointer, its copy in r7 and the context's in r6. */
const base = fc.oneof(fc.constantFrom(10, 10, 7, 7, 6, 6), fc.nat(10));
const off = fc.constantFrom(-512, -40, -24, -16, -16, -12, -8, -8, -4, 0, 4, 8);
const size = fc.constantFrom("b", "h", "w", "w", "dw");

/** Reserved fields zero, helpers 7 (a random number), everything else 1. */
const anyRow = (row: Row, dst: number, src: number): Insn =>
  insn(row, {
    dst: row.dst === "none" ? 0 : dst,
    src: row.src === "none" ? 0 : src,
    off: 0,
    imm: row.imm === "none" ? 0 : row.imm === "helper" ? 7 : 1,
  });

/** What a body is made of, each a few slots. `call N` calls function N, with the distance filled in later. */
const piece: fc.Arbitrary<readonly Insn[]> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(reg, base).map(([dst, src]) => [slot("mov reg", { dst, src })]) },
  { weight: 4, arbitrary: fc.tuple(reg, off).map(([dst, imm]) => [slot("add imm", { dst, imm })]) },
  { weight: 2, arbitrary: fc.tuple(reg, off).map(([dst, imm]) => [slot("mov imm", { dst, imm })]) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom("add", "sub", "and", "xor"), reg, reg)
      .map(([op, dst, src]) => [slot(`${op} reg`, { dst, src })]),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(size, reg, base, off).map(([s, dst, src, o]) => [slot(`ldx${s}`, { dst, src, off: o })]),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(size, base, reg, off).map(([s, dst, src, o]) => [slot(`stx${s}`, { dst, src, off: o })]),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(reg, fc.constantFrom(6, 6, 6, 1, 2), fc.constantFrom(0, 4, 8))
      .map(([dst, src, o]) => [slot("ldxw", { dst, src, off: o })]),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(base, reg, off).map(([dst, src, o]) => [slot("lock fetch add", { dst, src, off: o })]),
  },
  { weight: 3, arbitrary: fc.tuple(reg, fc.nat(3)).map(([dst, o]) => [slot("jset imm", { dst, off: o, imm: 12 })]) },
  {
    weight: 2,
    arbitrary: fc.integer({ min: 1, max: 2 }).map((to) => [
      slot("call local", { imm: to }),
      // Both are written before the first call, so all arguments are written at the next.
      ...[1, 2, 3, 4, 5].map((dst) => slot("mov reg", { dst, src: dst === 1 ? 6 : 8 })),
    ]),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(ROWS.length - 1), reg, reg).map(([row, dst, src]) => [anyRow(ROWS[row]!, dst, src)]),
  },
);
const isLocalCall = ({ row }: Insn): boolean => row.kind === "call" && row.target === "local";
const body = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.flat());

/** A main program and two functions; r6 holds the first argument, r7 the frame pointer, everything else a number. */
const programs: fc.Arbitrary<Program> = fc
  .tuple(fc.constantFrom<ContextKind>("memory", "xdp"), body, body, body)
  .map(([context, ...bodies]) => {
    const functions = bodies.map((b, f) => [
      slot("mov reg", { dst: 6, src: 1 }),
      slot("mov reg", { dst: 7, src: 10 }),
      ...(f === 0 ? [0, 2, 3, 4, 5, 8, 9] : [0, 8, 9]).map((dst) => slot("mov imm", { dst, imm: dst })),
      ...b.filter((s) => !isLocalCall(s) || s.imm > f), // No recursion.
      slot("mov imm", { dst: 0 }),
      slot("exit"),
    ]);
    const startOf = (f: number): number => functions.slice(0, f).flat().length;
    const code = functions.flat().map((s, pc) => {
      return isLocalCall(s) ? { ...s, imm: startOf(s.imm) - pc - 1 } : s;
    });
    const program = { code: [code.slice(0, code.some(isLocalCall) ? code.length : startOf(1))], maps: [], context };
    return { ...program, [fc.toStringMethod]: () => `${context}\n${print(program.code[0]!)}` };
  });

/** The place of `LAYOUT` that a register points to; NaN for a number that is no pointer. */
const placeOf = (register: bigint): number =>
  register >= 0xffff_0000_0000_0000n ? Number(register & 0xffff_ffff_ffffn) : Number.NaN;

/** What the run did against the facts, as lines; empty if nothing. */
function broken(program: Program, tally: Map<string, number>): readonly string[] {
  const validity = validate(program, { strictness: "rfc" });
  const count = (what: string): Map<string, number> => tally.set(what, (tally.get(what) ?? 0) + 1);
  count(validity.ok ? "valid" : validity.problems[0]!.reason);
  if (!validity.ok) return [];
  const { functions, contextLoads } = factsOfCode(validity.facts, 0);
  const found: string[] = [];
  const outcome = interpret({
    program,
    input: new Uint8Array(32).fill(12),
    layout: LAYOUT,
    fuel: 2000,
    trace: ({ pc, insn: { row, dst, src, off: o }, registers }) => {
      if (
        (row.dst.includes("r") && registers[dst] === POISON) ||
        (row.src.includes("r") && registers[src] === POISON)
      ) {
        found.push(`slot ${pc} reads an unwritten register`);
      }
      if (row.off !== "mem") return;
      const at = placeOf(registers[row.kind === "load" || row.kind === "loadAcquire" ? src : dst]!) + o;
      const fromTop = at - placeOf(registers[10]!);
      const { stackDepth } = functions.find((f) => pc >= f.start && pc < f.end)!;
      if (fromTop >= -STACK_BYTES && fromTop < -stackDepth) found.push(`slot ${pc} is at r10${fromTop}`);
      if (fromTop < 0 && fromTop >= -STACK_BYTES) count("frame access");
      const inContext = at >= LAYOUT.context.base && at < LAYOUT.context.base + LAYOUT.context.bytes;
      if (inContext && program.context === "xdp") {
        count("context access");
        if (!contextLoads.has(pc)) found.push(`slot ${pc} reads the xdp context`);
      } else if (contextLoads.has(pc)) found.push(`slot ${pc} does not read the xdp context`);
    },
  });
  count(outcome.kind === "faulted" ? outcome.why : outcome.kind);
  const allowed = outcome.kind !== "faulted" || outcome.why === "badAccess" || outcome.why === "uninitialisedStack";
  if (!allowed) found.push(`${outcome.why} at slot ${outcome.pc}: ${outcome.detail}`);
  return found;
}

test("a valid program does what its facts say", () => {
  const tally = new Map<string, number>();
  assertLaw(
    fc.property(programs, (program) => {
      expect(broken(program, tally)).toEqual([]);
    }),
    { seed: 20_240_124, numRuns: 3000 },
  );
  // The law is about something: enough programs got that far.
  expect(tally.get("valid")).toBeGreaterThan(1000);
  expect(tally.get("frame access")).toBeGreaterThan(300);
  expect(tally.get("context access")).toBeGreaterThan(60);
});
