// What a subject does on purpose, or is known to do wrong: declared with a reason, matched narrowly and printed in every
// summary. An instruction that deviates is taken out of a program that fails, and what is left is compared: nothing else
// is hidden behind it. One that ends the program must end it as is said. A register that is not as it should be is left out where the program fits the condition.

import type { z as zod } from "zod";
import type { Insn } from "../spec/bpf/insn.js";
import { insn } from "../spec/bpf/insn.js";
import { ROWS, type Row, rowById } from "../spec/bpf/isa.js";
import type { Program } from "../spec/bpf/program.js";

const IDS = new Set(ROWS.map(({ id }) => id));

/** @param z the library: who needs no schema need not load it. Its types only are imported. */
export function deviationSchema(z: typeof zod) {
  const form = z
    .string()
    .refine((id) => IDS.has(id), { error: ({ input }) => `no instruction form is called ${JSON.stringify(input)}` });

  /** A value of an operand when the instruction runs. */
  const value = z.enum(["zero", "nonzero", "negative", "any"]);

  const instructionDeviation = z.strictObject({
    kind: z.literal("instruction"),
    name: z.string().min(1).max(80),
    reason: z.string().min(1).max(400),
    forms: z.array(form).min(1),
    /** All of them must hold. `src32`: of the lower half. */
    when: z
      .strictObject({
        src: value.optional(),
        src32: value.optional(),
        dst: value.optional(),
        imm: value.optional(),
        off: value.optional(),
      })
      .default({}),
  });
  const exitDeviation = z.strictObject({
    kind: z.literal("exit"),
    name: z.string().min(1).max(80),
    reason: z.string().min(1).max(400),
    forms: z.array(form).min(1),
    /** Of which operand the instruction ends the program: all 64 bits, or the lower half. */
    when: z.union([z.strictObject({ src: z.literal("zero") }), z.strictObject({ src32: z.literal("zero") })]),
    /** What r0 is then. */
    result: z.int32().default(0),
  });
  const conventionDeviation = z.strictObject({
    kind: z.literal("convention"),
    name: z.string().min(1).max(80),
    reason: z.string().min(1).max(400),
    /** What is not compared: a register that must survive, or `helper.xN`, an argument of helpers. */
    ignore: z.string().regex(/^(helper\.)?x([0-9]|[12][0-9])$/),
    program: z
      .strictObject({
        calls: z.boolean().optional(),
        frame: z.boolean().optional(),
        forms: z.array(form).optional(),
        /** Some access of memory has an offset of so many bytes or more, in either direction. */
        farOffset: z.int().min(1).max(32_768).optional(),
      })
      .default({}),
  });
  const refusalDeviation = z.strictObject({
    kind: z.literal("refusal"),
    name: z.string().min(1).max(80),
    reason: z.string().min(1).max(400),
    /** A part of the text with which a valid program is refused. */
    text: z.string().min(3).max(200),
  });

  return z.discriminatedUnion("kind", [instructionDeviation, exitDeviation, conventionDeviation, refusalDeviation]);
}

export type Deviation = zod.infer<ReturnType<typeof deviationSchema>>;
type Of<Kind extends Deviation["kind"]> = Extract<Deviation, { readonly kind: Kind }>;
type InstructionDeviation = Of<"instruction">;
export type ExitDeviation = Of<"exit">;
type ConventionDeviation = Of<"convention">;
type Condition = InstructionDeviation["when"]["src"];

/** One line for summaries. */
export const deviationLine = ({ name, reason }: Deviation): string => `${name}: ${reason}`;

export const instructionsOf = (all: readonly Deviation[]): readonly InstructionDeviation[] =>
  all.filter((one): one is InstructionDeviation => one.kind === "instruction");

export const exitsOf = (all: readonly Deviation[]): readonly ExitDeviation[] =>
  all.filter((one): one is ExitDeviation => one.kind === "exit");

const holds = (condition: Condition | undefined, word: bigint, bits = 64): boolean => {
  const cut = BigInt.asIntN(bits, word);
  switch (condition) {
    case undefined:
    case "any":
      return true;
    case "zero":
      return cut === 0n;
    case "nonzero":
      return cut !== 0n;
    case "negative":
      return cut < 0n;
    default:
      return condition satisfies never;
  }
};

/** Whether the instruction deviates in that state. */
export function deviates(
  { forms, when }: InstructionDeviation,
  { row, dst, src, off, imm }: Insn,
  registers: BigUint64Array,
): boolean {
  return (
    forms.includes(row.id) &&
    holds(when.src, registers[src]!) &&
    holds(when.src32, registers[src]!, 32) &&
    holds(when.dst, registers[dst]!) &&
    holds(when.imm, BigInt(imm)) &&
    holds(when.off, BigInt(off))
  );
}

/** What registers, and arguments of helpers, are not asked about a program. */
export function ignoredIn(all: readonly Deviation[], program: Program): ReadonlyMap<string, ConventionDeviation> {
  const ignored = new Map<string, ConventionDeviation>();
  for (const one of all) if (one.kind === "convention" && fits(one, program)) ignored.set(one.ignore, one);
  return ignored;
}

function fits({ program: wanted }: ConventionDeviation, { code }: Program): boolean {
  const insns = code.flat();
  const has = (test: (row: Row, one: Insn) => boolean): boolean => insns.some((one) => test(one.row, one));
  const { calls, frame, forms, farOffset } = wanted;
  return (
    (calls === undefined || calls === has(({ kind }) => kind === "call")) &&
    (frame === undefined || frame === has(({ kind }, one) => kind !== "call" && usesFrame(one))) &&
    (forms === undefined || has(({ id }) => forms.includes(id))) &&
    (farOffset === undefined || has(({ kind }, { off }) => ACCESSES.has(kind) && Math.abs(off) >= farOffset))
  );
}

const ACCESSES: ReadonlySet<Row["kind"]> = new Set(["load", "store", "storeImm", "atomic"]);
const FP = 10;
const usesFrame = ({ row, dst, src }: Insn): boolean =>
  (row.dst !== "none" && dst === FP) || (row.src !== "none" && row.src !== "select" && src === FP);

/** The same program without instructions at these slots: what they would write is 0. */
export function withoutSlots(program: Program, slots: ReadonlySet<string>): Program {
  const code = program.code.map((insns, index) =>
    insns.map((one, pc) => (slots.has(slotKey(index, pc)) ? replacement(one) : one)),
  );
  return { ...program, code };
}

export const slotKey = (code: number, pc: number): string => `${code}:${pc}`;

/** Of the same length, and with the same effect on which registers hold a value. */
function replacement({ row, dst, src }: Insn): Insn {
  const MOV = rowById("mov imm");
  if (row.dst === "w" || row.dst === "rw") return insn(MOV, { dst });
  if (row.kind === "atomic" && row.fetch) return insn(MOV, { dst: row.op === "cmpxchg" ? 0 : src });
  if (row.kind === "call") return insn(MOV, { dst: 0 });
  return insn(rowById("ja"));
}
