// A user instruction as programs: with edge states, operands that are one register, and what its fields may hold.

import { FP, type Insn, insn } from "../../../spec/bpf/insn.js";
import {
  type AtomicRow,
  type LegacyLoadRow,
  type LoadAcquireRow,
  type LoadRow,
  type Row,
  rowById,
  type StoreImmRow,
  type StoreReleaseRow,
  type StoreRow,
} from "../../../spec/bpf/isa.js";
import type { MapSpec } from "../../../spec/bpf/program.js";
import type { Case } from "../../../subjects/case.js";
import { back, budgets, on, over } from "./branches.js";
import { jumpTables } from "./jump-tables.js";
import { stackArguments } from "./stack-arguments.js";
import {
  ADD,
  BLINDED,
  blinding,
  CONTEXT,
  DST,
  ENV,
  EXIT,
  IMMEDIATES,
  LOAD,
  MOV,
  ONE,
  PLACE,
  program,
  R0,
  SET,
  SET_SRC,
  SRC,
  STORE,
  state,
  UNARY,
  WORDS,
} from "./watched.js";

const HIGH = rowById("lddw high");
/** Where A64 changes how it encodes a displacement. */
const DISPLACEMENTS = [0, 1, -1, -256, 4095, 4096, 32760, -32768];
const STACK_DISPLACEMENTS = [-8, -9, -264, -511, -512];
/** Chunks of 16 bits that are all zeros, all ones or neither. */
const CONSTANTS = [
  ...[0n, 1n, -1n, 0xffffn, 0x1_0000n, -0x1_0000n, 0x8000_0000n, 0xffff_ffff_0000_0000n, 0x1234_0000_0000_5678n],
  ...[
    0x1234_ffff_ffff_5678n,
    0x1234_5678_9abc_def0n,
    0xffff_1234_ffff_ffffn,
    0x0000_1234_0000_0000n,
    0xffff_0000_ffff_1234n,
  ],
];

/** By both operands. */
const BINARY = WORDS.flatMap((dst) => WORDS.map((src) => state(0n, dst, src)));
/** Memory whose signs are set in every size, and in none. */
const MEMORY = [0x8182_8384_8586_8788n, 0x0102_0304_0506_0708n].map((word) => state(1n, 2n, 3n, word, ~word));
/** Memory that is equal to r0, in its lower half alone, and not at all. */
const ATOMIC = [0x1111_2222_3333_4444n, 0x3333_4444n, -1n].flatMap((r0) =>
  [1n, -1n, 0xffff_ffffn].map((src) => state(r0, 0n, src, 0x1111_2222_3333_4444n, 0n)),
);

/** Every program for a form; none for one that no user program has. */
export function programsFor(row: Row): readonly Case[] {
  switch (row.kind) {
    case "alu": {
      const guards =
        row.op.endsWith("div") || row.op.endsWith("mod") ? [{ guard: true }, { guard: true, blind: true }] : [];
      if (row.operand === "reg") {
        const pair = program([insn(row, { dst: DST, src: SRC })], BINARY);
        const same = program([insn(row, { dst: DST, src: DST })], UNARY, { src: DST });
        return [pair, same, ...guards.map((env) => ({ ...pair, env: { ...ENV, ...env } }))];
      }
      return immediatesOf(row).flatMap((imm, i) =>
        [...blinding(i), ...(i === 2 ? guards : [])].map((env) =>
          program([insn(row, { dst: DST, imm })], UNARY, { env }),
        ),
      );
    }
    case "neg":
    case "end":
      return [program([insn(row, { dst: DST })], UNARY)];
    case "movsx":
      return [
        program([insn(row, { dst: DST, src: SRC })], BINARY),
        program([insn(row, { dst: DST, src: DST })], UNARY, { src: DST }),
      ];
    case "jump": {
      if (row.operand === "reg") {
        return [over, back].map((jump) =>
          program(
            jump((off) => insn(row, { dst: DST, src: SRC, off })),
            BINARY,
          ),
        );
      }
      return [
        [back, BLINDED] as const,
        [on, BLINDED] as const,
        ...IMMEDIATES.map((_, i) => [over, i] as const),
      ].flatMap(([shape, i]) => {
        const imm = IMMEDIATES[i]!;
        const insns = shape((off) => insn(row, { dst: DST, imm, off }));
        return blinding(i).map((env) => program(insns, [...UNARY, state(0n, BigInt(imm))], { env }));
      });
    }
    case "ja": {
      // What it jumps over is reached by a branch before it.
      const branch = insn(rowById("jeq imm"), { dst: R0, off: 1 });
      const jump = over((off) => insn(row, { [row.field]: off }));
      return [program([branch, ...jump], [state(0n, 1n, 2n), state(1n, 1n, 2n)])];
    }
    case "exit":
      return [program([], UNARY)];
    case "load":
    case "store":
    case "storeImm":
      return row.mode === "mem" ? accesses(row) : [];
    case "atomic":
      return row.mode === "mem" ? atomics(row) : [];
    case "lddw":
      // The verifier of this project knows neither variables of the kernel nor addresses of functions.
      if (row.source === "variable" || row.source === "code") return [];
      return constants(row.source === "imm64" ? CONSTANTS : [0n], row);
    case "call":
      return row.target === "local" ? [localCall(row)] : row.target === "helper" ? helperCalls(row) : [];
    case "kernel":
      return row.op === "tailCall" ? tailCalls() : [];
    case "legacyLoad":
      return legacyLoads(row);
    case "loadAcquire":
    case "storeRelease":
      return row.mode === "mem" ? accesses(row) : [];
    case "gotox":
      return jumpTables(row);
    case "stackArgument":
      return stackArguments(row);
    case "mayGoto":
      return budgets(row);
    case "lddwHigh":
      return [];
    default:
      return row satisfies never;
  }
}

function immediatesOf({ imm, width }: { readonly imm: Row["imm"]; readonly width: 32 | 64 }): readonly number[] {
  if (imm === "shift") return [0, 1, 31, 32, 33, 63].filter((amount) => amount < width);
  return imm === "divisor" ? [1, -1, 2, 3, 4096, 0x7fff_ffff, -0x8000_0000, 0x1234_5678] : IMMEDIATES;
}

/** A pointer that the displacement leads from to the memory of the input. */
const pointer = (dst: number, off: number): readonly Insn[] => [
  insn(MOV, { dst, src: CONTEXT }),
  insn(ADD, { dst, imm: PLACE.memory - off }),
];

/** Through a register that leads away from the input, and in the frame, where the whole word is read back. */
function accesses(row: LoadRow | StoreRow | StoreImmRow | LoadAcquireRow | StoreReleaseRow): readonly Case[] {
  const isLoad = row.kind === "load" || row.kind === "loadAcquire";
  const isOrdered = row.kind === "loadAcquire" || row.kind === "storeRelease";
  const value = row.kind === "storeImm" ? { imm: -2 } : isLoad ? { dst: DST } : { src: SRC };
  const at = (base: number, off: number): Insn => insn(row, { ...value, [isLoad ? "src" : "dst"]: base, off });
  const base = isLoad ? SRC : DST;
  const inInput = DISPLACEMENTS.map((off) => program([...pointer(base, off), at(base, off)], MEMORY));
  const inFrame = STACK_DISPLACEMENTS.filter((off) => !isOrdered || off % row.size === 0).map((off) => {
    const [before, after] = [insn(STORE, { dst: FP, src: SRC, off }), insn(LOAD, { dst: R0, src: FP, off })];
    return program([before, at(FP, off), after], MEMORY);
  });
  if (row.kind !== "storeImm") return [...inInput, ...inFrame];
  const values = IMMEDIATES.flatMap((imm, i) =>
    blinding(i).map((env) => program([...pointer(DST, 0), insn(row, { dst: DST, imm })], ONE, { env })),
  );
  return [...inInput, ...inFrame, ...values];
}

/** From the first byte, from the header of the network, and where not all bytes are there. */
const LEGACY_OFFSETS = [0, 1, 37, 39, 40, -1, -0x10_0000, -0x20_0000, -0x20_0001, 0x7fff_ffff];

/** The function ends where the bytes are not there, so that r0 is 0 and not 7. */
const legacyLoads = (row: LegacyLoadRow): readonly Case[] =>
  LEGACY_OFFSETS.flatMap((offset, i) =>
    [...(i === 0 ? [0] : []), row.mode === "ind" ? 5 : 0].map((moved): Case => {
      const from = row.mode === "ind" ? [insn(SET, { dst: DST, imm: offset - moved })] : [];
      const load = insn(row, { src: row.mode === "ind" ? DST : 0, imm: row.mode === "ind" ? moved : offset });
      const result = [insn(ADD, { dst: R0, imm: 7 }), EXIT];
      const code = [insn(MOV, { dst: CONTEXT, src: 1 }), ...from, load, ...result];
      return { program: { code: [code], maps: [], context: "skb" }, inputs: ONE, env: ENV };
    }),
  );

/** With a source of its own, and with the base as the source. */
const atomics = (row: AtomicRow): readonly Case[] =>
  (["lse", "ll-sc"] as const).flatMap((cpu) => [
    ...[0, -8].map((off) =>
      program([...pointer(DST, off), insn(row, { dst: DST, src: SRC, off })], ATOMIC, { env: { cpu } }),
    ),
    program([...pointer(DST, 0), insn(row, { dst: DST, src: DST })], ATOMIC, { env: { cpu } }),
  ]);

const ARRAY: MapSpec = { kind: "array", keyBytes: 4, valueBytes: 8, entries: 1 };

const constants = (values: readonly bigint[], row: Row): readonly Case[] =>
  values.flatMap((value, i) => {
    const [low, high] = [Number(BigInt.asIntN(32, value)), Number(BigInt.asIntN(32, value >> 32n))];
    return blinding(i).map((env) =>
      program([insn(row, { dst: DST, imm: low }), insn(HIGH, { imm: high })], ONE, { maps: [ARRAY], env }),
    );
  });

/** A function that adds to its argument, in a frame of its own. It lies behind three stores and the exit. */
const localCall = (row: Row): Case => {
  const [store, load] = [insn(STORE, { dst: FP, src: 1, off: -8 }), insn(LOAD, { dst: R0, src: FP, off: -8 })];
  const behind = [store, load, insn(ADD, { dst: R0, imm: 9 }), EXIT];
  return program([insn(MOV, { dst: 1, src: DST }), insn(row, { imm: 5 }), SET_SRC], UNARY, { behind });
};

/** Clock, random number, CPU, thread. */
const helperCalls = (row: Row): readonly Case[] =>
  [5, 7, 8, 14].map((imm) => program([insn(row, { imm }), SET_SRC], ONE));

/** Into a program, an empty slot, and beyond the last one. */
const tailCalls = (): readonly Case[] =>
  [0, 1, 2].map((slot) =>
    program(
      [
        insn(MOV, { dst: 1, src: CONTEXT }),
        insn(rowById("lddw mapFd"), { dst: 2 }),
        insn(HIGH),
        insn(SET, { dst: 3, imm: slot }),
        insn(rowById("call helper"), { imm: 12 }),
        insn(SET, { dst: R0, imm: 1 }),
        SET_SRC,
      ],
      ONE,
      { maps: [{ kind: "progArray", entries: 2, programs: [1, undefined] }], others: [[insn(SET, { imm: 42 }), EXIT]] },
    ),
  );
