// The boldest simplification: one instruction by itself, on the operands that it had when the reference ran it. A defect
// in one instruction then shows in a handful of them, whatever loops and branches it was found among.

import { type Insn, insn } from "../../../../spec/bpf/insn.js";
import { interpret } from "../../../../spec/bpf/interpret.js";
import { rowById } from "../../../../spec/bpf/isa.js";
import type { Case } from "../../../../subjects/case.js";
import { layoutOf } from "../../../../subjects/run/layout.js";
import { FUEL } from "../soundness.js";

/** Instructions that are tried with so many different pairs of operands, and all in all. */
const PAIRS_EACH = 6;
const MOST = 400;

const MOV = rowById("mov imm");
const LDDW = rowById("lddw imm64");
const HIGH = rowById("lddw high");
const JUMP_OVER = 1;
const EXIT = insn(rowById("exit"));

interface Operation {
  readonly slot: Insn;
  readonly dst: bigint;
  readonly src: bigint;
}

/** A program for each operation that ran, the last ones first: what went wrong showed at the end. */
export function* isolated(value: Case): Generator<Case> {
  for (const operation of operations(value).reverse()) {
    yield { ...value, program: { code: [programOf(operation)], maps: [], context: "memory" } };
  }
}

function operations({ program, inputs }: Case): Operation[] {
  const seen = new Map<Insn, number>();
  const found: Operation[] = [];
  for (const input of inputs) {
    interpret({
      program,
      input,
      layout: layoutOf(program, input.length),
      fuel: FUEL,
      trace: ({ insn: slot, registers }) => {
        const times = seen.get(slot) ?? 0;
        if (!isPure(slot) || times >= PAIRS_EACH || found.length >= MOST) return;
        seen.set(slot, times + 1);
        found.push({ slot, dst: registers[slot.dst] ?? 0n, src: registers[slot.src] ?? 0n });
      },
    });
  }
  return found;
}

/** Whether the instruction works on its registers and nothing else. */
const isPure = ({ row, dst, src }: Insn): boolean =>
  ["alu", "neg", "movsx", "end", "jump"].includes(row.kind) && dst < 10 && src < 10;

/** The operation on r0, and on r1 if it has a second register. A jump shows by what it leaves in r0. */
function programOf({ slot, dst, src }: Operation): readonly Insn[] {
  const { row, imm } = slot;
  const hasSource = row.src === "r" && slot.src !== slot.dst;
  const operands = [...(row.dst === "w" ? [] : constant(0, dst)), ...(hasSource ? constant(1, src) : [])];
  if (row.dst === "w" && row.src === "r" && !hasSource) operands.push(...constant(0, dst));
  const off = row.kind === "jump" ? JUMP_OVER : slot.off;
  const operation = { row, dst: 0, src: hasSource ? 1 : 0, off, imm };
  const fallThrough = row.kind === "jump" ? [insn(MOV, { dst: 0, imm: dst === 0n ? 1 : 0 })] : [];
  return [...operands, operation, ...fallThrough, EXIT];
}

function constant(dst: number, value: bigint): readonly Insn[] {
  const low = Number(BigInt.asIntN(32, value));
  if (BigInt.asUintN(64, BigInt(low)) === value) return [insn(MOV, { dst, imm: low })];
  return [insn(LDDW, { dst, imm: low }), insn(HIGH, { imm: Number(BigInt.asIntN(32, value >> 32n)) })];
}
