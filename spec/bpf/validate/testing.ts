// What the tests of this folder share: slots by short names, and the problems of a program as one line.

import { type Insn, insn } from "../insn.js";
import { rowById } from "../isa.js";
import type { ContextKind, MapSpec, Program } from "../program.js";
import { type Facts, type ValidateOptions, validate } from "./validate.js";

export const i = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
export const exit = i("exit");
export const mov = (dst: number, imm: number): Insn => i("mov imm", { dst, imm });
export const copy = (dst: number, src: number): Insn => i("mov reg", { dst, src });
export const add = (dst: number, imm: number): Insn => i("add imm", { dst, imm });
export const call = (distance: number): Insn => i("call local", { imm: distance });
export const helper = (imm: number): Insn => i("call helper", { imm });
export const lddw = (source: string, dst: number, low: number, high = 0): readonly Insn[] => [
  i(`lddw ${source}`, { dst, imm: low }),
  i("lddw high", { imm: high }),
];

const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 16, entries: 1 };
const PROG_ARRAY: MapSpec = { kind: "progArray", entries: 1, programs: [0] };
const MAPS = [ARRAY, PROG_ARRAY];

export const program = (code: readonly Insn[], context: ContextKind = "memory"): Program => ({
  code: [code],
  maps: MAPS,
  context,
});

/** `pc reason` of every problem, joined by commas; empty for a valid program. */
export function problems(p: Program, options?: ValidateOptions): string {
  const validity = validate(p, options);
  return validity.ok ? "" : validity.problems.map(({ pc, reason }) => `${pc} ${reason}`).join(", ");
}

export function facts(p: Program): Facts {
  const validity = validate(p);
  if (!validity.ok) throw new Error(`refused: ${JSON.stringify(validity.problems)}`);
  return validity.facts;
}

export const depths = (...code: readonly Insn[]): readonly number[] =>
  facts(program(code)).functions.map((f) => f.stackDepth);
