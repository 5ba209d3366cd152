// `gotox` as a program: through a table of three addresses, by each entry and through several registers.

import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { type Row, rowById } from "../../../spec/bpf/isa.js";
import { ADDRESS_BYTES } from "../../../spec/bpf/maps.js";
import type { MapSpec } from "../../../spec/bpf/program.js";
import type { Case, CaseEnv } from "../../../subjects/case.js";

const [INDEX, R0] = [7, 0];
const GOTO = rowById("ja");
const TABLE = rowById("lddw mapFdValue");
const HIGH = rowById("lddw high");
const LOAD = rowById("ldxdw");
const SET = rowById("mov imm");
const ADD = rowById("add imm");
const EXIT = insn(rowById("exit"));

/** Slots of the code below: two ends ahead, and one back, from which control goes on to the first of them. */
const SLOTS = [7, 9, 1];
const MAPS: readonly MapSpec[] = [{ kind: "insnArray", entries: SLOTS.length, code: 0, slots: SLOTS }];

const codeFor = (row: Row, entry: number, register: number): readonly Insn[] => [
  insn(GOTO, { off: 2 }),
  insn(SET, { dst: R0, imm: 3 }),
  insn(GOTO, { off: 6 }),
  insn(TABLE, { dst: register }),
  insn(HIGH, { imm: ADDRESS_BYTES * entry }),
  insn(LOAD, { dst: register, src: register }),
  insn(row, { dst: register }),
  insn(SET, { dst: R0, imm: 5 }),
  EXIT,
  insn(SET, { dst: R0, imm: 7 }),
  insn(ADD, { dst: R0, imm: 2 }),
  EXIT,
];

const ENVS: readonly CaseEnv[] = [
  { cpu: "lse", hole: 0 },
  { cpu: "ll-sc", hole: 0 },
  { cpu: "lse", hole: 0, blind: true },
];

/** Every program for it. */
export const jumpTables = (row: Row): readonly Case[] =>
  SLOTS.flatMap((_, entry) =>
    [INDEX, R0, 1].flatMap((register) =>
      ENVS.map((env): Case => {
        const program = { code: [codeFor(row, entry, register)], maps: MAPS, context: "memory" } as const;
        return { program, inputs: [new Uint8Array(ADDRESS_BYTES)], env };
      }),
    ),
  );
