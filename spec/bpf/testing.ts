// What the tests of the interpreter share: a slot by its row id, and a run in a small fixed layout.

import type { U64 } from "../bits.js";
import { type Insn, insn } from "./insn.js";
import { type InterpretRun, interpret } from "./interpret.js";
import { rowById } from "./isa.js";
import { pointerTo } from "./memory.js";
import type { Outcome } from "./outcome.js";
import type { ContextKind, Layout, MapSpec } from "./program.js";

/** A slot: `op("add imm", { dst: 1, imm: 5 })`. */
export const op = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);

export const EXIT = op("exit");

/** The two slots of `dst = value`. */
export const set = (dst: number, value: bigint): readonly Insn[] => [
  op("lddw imm64", { dst, imm: Number(BigInt.asIntN(32, value)) }),
  op("lddw high", { imm: Number(BigInt.asIntN(32, value >> 32n)) }),
];

/** The two slots that load the pointer to a map. */
export const mapPointer = (dst: number, index: number): readonly Insn[] => [
  op("lddw mapFd", { dst, imm: index }),
  op("lddw high"),
];

export const LAYOUT: Layout = {
  frames: [0x1000, 0x1800, 0x1800].map((base) => ({ base, bytes: 512 })),
  calleeStacks: { base: 0x2_0000, bytes: 7 * 512 },
  context: { base: 0x3_0000, bytes: 64 },
  packet: { base: 0x4_0000, bytes: 64 },
  maps: [0, 1, 2].map((i) => ({
    object: { base: 0x5_0000 + i * 0x1000, bytes: 264 },
    values: { base: 0x6_0000 + i * 0x1000, bytes: 0x800 },
  })),
};
export const FRAME_TOP: U64 = pointerTo(0x1000 + 512);
export const CONTEXT: U64 = pointerTo(LAYOUT.context.base);

interface Setting {
  readonly input?: readonly number[];
  readonly maps?: readonly MapSpec[];
  readonly context?: ContextKind;
  /** What tail calls reach, from `code[1]` on. */
  readonly others?: readonly (readonly Insn[])[];
  /** Of `may_goto`. */
  readonly loops?: number;
  readonly fuel?: number;
  readonly trace?: InterpretRun["trace"];
  readonly count?: InterpretRun["count"];
}

export function run(code: readonly Insn[], setting: Setting = {}): Outcome {
  const { input = [], maps = [], context = "memory", others = [], loops, fuel = 10_000, trace, count } = setting;
  const program = { code: [code, ...others], maps, context, ...(loops !== undefined && { loops }) };
  return interpret({ program, input: Uint8Array.from(input), layout: LAYOUT, fuel, trace, count });
}

/** r0 of a run that has to return. */
export function r0(code: readonly Insn[], setting: Setting = {}): bigint {
  return returned(code, setting).r0;
}

/** The bytes of a region after a run that has to return. */
export function regionAfter(name: string, code: readonly Insn[], setting: Setting = {}): Uint8Array {
  const { regions } = returned(code, setting);
  const region = regions.find((r) => r.name === name);
  if (region === undefined) throw new RangeError(`no region ${name} among ${regions.map((r) => r.name).join(", ")}`);
  return region.bytes;
}

export function returned(code: readonly Insn[], setting: Setting = {}): Extract<Outcome, { kind: "returned" }> {
  const outcome = run(code, setting);
  if (outcome.kind === "returned") return outcome;
  throw new Error(outcome.kind === "faulted" ? `faulted at ${outcome.pc}: ${outcome.detail}` : outcome.kind);
}
