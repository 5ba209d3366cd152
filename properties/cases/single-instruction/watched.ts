// The program around an instruction: r0, a destination and a source are taken from the input, and what the three hold in
// the end is put back. The edge states are the inputs of one program.

import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import type { MapSpec } from "../../../spec/bpf/program.js";
import type { Case, CaseEnv } from "../../../subjects/case.js";

export const [CONTEXT, DST, SRC] = [6, 7, 2];
export const R0 = 0;
/** Bytes of the input: r0, destination, source, and two words of memory. */
export const PLACE = { r0: 0, dst: 8, src: 16, memory: 24 };
const INPUT_BYTES = 40;

export const MOV = rowById("mov reg");
export const ADD = rowById("add imm");
export const SET = rowById("mov imm");
export const LOAD = rowById("ldxdw");
export const STORE = rowById("stxdw");
export const EXIT = insn(rowById("exit"));
export const ENV: CaseEnv = { cpu: "lse", hole: 0 };

/** Where signs, carries and halves turn. */
export const WORDS = [0n, 1n, -1n, 0x7fff_ffffn, 0x8000_0000n, 1n << 63n, 0x0123_4567_89ab_cdefn];
/** Where A64 changes how it encodes an immediate. */
export const IMMEDIATES = [
  ...[0, 1, -1, 4095, 4096, -4096, 0xff_f000, 0x1001, 0x7fff_ffff, -0x8000_0000, 0x00ff_00ff, 0x1234_5678],
];
/** What a case has beside its instructions. */
interface Rest {
  readonly dst?: number;
  readonly src?: number;
  readonly maps?: readonly MapSpec[];
  readonly loops?: number;
  /** Functions and programs behind the first. */
  readonly behind?: readonly Insn[];
  readonly others?: readonly (readonly Insn[])[];
  readonly env?: Partial<CaseEnv>;
}

/** The program around instructions: with what it is called, and what it leaves in the registers that are watched. */
export function program(insns: readonly Insn[], states: readonly Uint8Array[], rest: Rest = {}): Case {
  const { dst = DST, src = SRC, maps = [], loops, behind = [], others = [], env = {} } = rest;
  const watched = [[R0, PLACE.r0], [dst, PLACE.dst], ...(src === dst ? [] : [[src, PLACE.src] as const])] as const;
  const code = [
    insn(MOV, { dst: CONTEXT, src: 1 }),
    ...watched.map(([register, off]) => insn(LOAD, { dst: register, src: CONTEXT, off })),
    ...insns,
    ...watched.map(([register, off]) => insn(STORE, { dst: CONTEXT, src: register, off })),
    EXIT,
    ...behind,
  ];
  return {
    program: { code: [code, ...others], maps, context: "memory", ...(loops !== undefined && { loops }) },
    inputs: states,
    env: { ...ENV, ...env },
  };
}

/** Inputs in which the words stand for r0, destination, source and memory. */
export const state = (...words: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(INPUT_BYTES).fill(0xa5);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) view.setBigUint64(8 * i, BigInt.asUintN(64, word), true);
  return bytes;
};
export const ONE: readonly Uint8Array[] = [state(5n, 7n, 9n)];
/** By the destination alone. */
export const UNARY = WORDS.map((dst) => state(0n, dst));
/** What an immediate is does not matter to blinding: the one of this index is blinded, too. */
export const BLINDED = 2;
export const blinding = (index: number): readonly Partial<CaseEnv>[] =>
  index === BLINDED ? [{}, { blind: true }] : [{}];

/** Calls clobber it. */
export const SET_SRC = insn(SET, { dst: SRC, imm: 1 });
