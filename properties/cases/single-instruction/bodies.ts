// A verifier-only instruction as the body of a case: through pointers that are good, beside their memory, or wild.

import { pointer } from "../../../machine/address.js";
import { u64 } from "../../../spec/bits.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { type Row, rowById } from "../../../spec/bpf/isa.js";
import { ARENA_POINTER, DATA_POINTER, WILD_POINTER } from "../verifier-only/arbitrary.js";
import {
  ARENA,
  ARENA_BASE,
  CPU_NUMBER_HELPER,
  DATA,
  TASK_HELPERS,
  type VerifierOnlyCase,
} from "../verifier-only/case.js";

const NUMBER = 4;
const ARENA_OFFSET = BigInt(ARENA.base - ARENA_BASE + 64);
const REGISTERS = [-7n, pointer(DATA.base + 64), ARENA_OFFSET, 0x1000n, 0x8000_0001n, 0xffff_ffff_0000_0000n];
const PLAIN = { lse: true, vhe: false, bti: false };

const DISPLACEMENTS = [0, 1, -1, 8, 255, -256, 4095, 4096, 32760, -32768];
/** Aligned for every size: in the arena, and in pages beside it that are not mapped. */
const ORDERED = [0, 8, -8, 256, 4088, 4096, 16_384, -32768];
const IMMEDIATES = [0, 1, -1, 0x1234_5678, -0x8000_0000];

function body(one: Insn, rest: Partial<VerifierOnlyCase> = {}): VerifierOnlyCase {
  return { body: [one], registers: REGISTERS.map(u64), env: PLAIN, isBlinded: false, isCalled: false, ...rest };
}

/** Every case for a form; none for one that user programs have. */
export function bodiesFor(row: Row): readonly VerifierOnlyCase[] {
  switch (row.kind) {
    case "load": {
      if (row.mode === "mem") return [];
      const bases = row.mode === "arena" ? [ARENA_POINTER] : [DATA_POINTER, WILD_POINTER];
      return bases.flatMap((src) => [
        ...DISPLACEMENTS.map((off) => body(insn(row, { dst: NUMBER, src, off }))),
        body(insn(row, { dst: src, src }), { isCalled: true }),
      ]);
    }
    case "store":
      if (row.mode === "mem") return [];
      return DISPLACEMENTS.map((off) => body(insn(row, { dst: ARENA_POINTER, src: 5, off })));
    case "storeImm":
      if (row.mode === "mem") return [];
      return [
        ...DISPLACEMENTS.map((off) => body(insn(row, { dst: ARENA_POINTER, off, imm: -2 }))),
        ...IMMEDIATES.flatMap((imm) =>
          [false, true].map((isBlinded) => body(insn(row, { dst: ARENA_POINTER, imm }), { isBlinded })),
        ),
      ];
    case "atomic":
      if (row.mode === "mem") return [];
      return [0, 8, -8, 4088].flatMap((off) =>
        [NUMBER, 5].map((src) => body(insn(row, { dst: ARENA_POINTER, src, off }))),
      );
    case "loadAcquire":
      if (row.mode === "mem") return [];
      return ORDERED.flatMap((off) => [
        body(insn(row, { dst: NUMBER, src: ARENA_POINTER, off })),
        body(insn(row, { dst: ARENA_POINTER, src: ARENA_POINTER, off })),
      ]);
    case "storeRelease":
      if (row.mode === "mem") return [];
      return ORDERED.flatMap((off) =>
        [NUMBER, 5].map((src) => body(insn(row, { dst: ARENA_POINTER, src, off }), { isCalled: off === 0 })),
      );
    case "call":
      if (row.target !== "helper") return [];
      return [CPU_NUMBER_HELPER, ...TASK_HELPERS].map((imm) => body(insn(rowById("call helper"), { imm })));
    case "kernel":
      if (row.op === "tailCall") return [];
      return [0, ARENA_POINTER, WILD_POINTER, NUMBER, 5].flatMap((src) =>
        [NUMBER, src].flatMap((dst) =>
          [false, true].map((vhe) =>
            body(insn(row, row.op === "nospec" ? {} : { dst, src }), { env: { ...PLAIN, vhe } }),
          ),
        ),
      );
    default:
      return [];
  }
}
