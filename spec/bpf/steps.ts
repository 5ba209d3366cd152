// Each slot of a code turned once into a step, when a run first comes to it: a function from the state of a run to the pc of
// the next slot. The kinds of rows are the keys of one table, so that a new kind without steps does not compile; what the
// rows of a kind compute is in `alu.ts`, `byte-order.ts`, `jump.ts` and `atomic.ts`. Memory access is in `steps-memory.ts`,
// calls in `calls.ts`.

import { type U64, u64 } from "../bits.js";
import { ALU, MOVSX, NEG } from "./alu.js";
import { BYTE_ORDER } from "./byte-order.js";
import { CALLS, exit } from "./calls.js";
import { branchTarget, type Insn, lddwHalves, REGISTERS } from "./insn.js";
import { slotAt } from "./insn-array.js";
import type { AluRow, JumpRow, LddwRow, Row } from "./isa.js";
import { JUMP } from "./jump.js";
import { pointerTo } from "./memory.js";
import { type RunState, type Slot, type Step, word } from "./run-state.js";
import { atomic, legacyLoad, load, loadAcquire, stackArgument, store, storeImm, storeRelease } from "./steps-memory.js";

type Maker<R extends Row> = (slot: Slot<R>) => Step;

const MAKERS: { readonly [K in Row["kind"]]: Maker<Extract<Row, { kind: K }>> } = {
  alu,
  neg: ({ row, insn: { dst }, pc }) => {
    const negate = NEG[row.width];
    return ({ registers }) => {
      registers[dst] = negate(word(registers, dst));
      return pc + 1;
    };
  },
  movsx: ({ row, insn: { dst, src }, pc }) => {
    const extend = MOVSX[row.width];
    return ({ registers }) => {
      registers[dst] = extend(word(registers, src), row.from);
      return pc + 1;
    };
  },
  end: ({ row, insn: { dst }, pc }) => {
    const reorder = BYTE_ORDER[row.order];
    return ({ registers }) => {
      registers[dst] = reorder(word(registers, dst), row.bits);
      return pc + 1;
    };
  },
  ja: (slot) => goto(slot),
  jump,
  call: (slot) => CALLS[slot.row.target](slot, goto),
  exit: () => exit,
  lddw,
  lddwHigh: ({ pc }) => refuse(pc, "badJump", "jump into the second slot of lddw"),
  load,
  storeImm,
  store,
  atomic,
  loadAcquire,
  storeRelease,
  legacyLoad,
  stackArgument,
  mayGoto: (slot) => mayGoto(slot),
  gotox:
    ({ insn: { dst }, pc, code }) =>
    (run) =>
      slotAt(run.code, code.length, word(run.registers, dst)) ??
      run.fault(pc, "badJump", `gotox to r${dst}, which is not the address of an instruction of this program`),
  kernel: ({ row, pc }) => refuse(pc, "badOpcode", `${row.id} is for a verifier to make, not for a program`),
};

const refuse =
  (pc: number, why: "badJump" | "badOpcode" | "badCall", detail: string): Step =>
  (run) =>
    run.fault(pc, why, detail);

function alu({ row, insn: { dst, src, imm }, pc }: Slot<AluRow>): Step {
  const compute = ALU[row.width][row.op];
  if (row.operand === "reg") {
    return ({ registers }) => {
      registers[dst] = compute(word(registers, dst), word(registers, src));
      return pc + 1;
    };
  }
  const operand = signExtend(imm);
  return ({ registers }) => {
    registers[dst] = compute(word(registers, dst), operand);
    return pc + 1;
  };
}

/** Immediates are signed 32-bit numbers; the low half is what the 32-bit rows read. */
const signExtend = (imm: number): U64 => u64(BigInt(imm));

function jump(slot: Slot<JumpRow>): Step {
  const { row, insn, pc } = slot;
  const { dst, src, imm } = insn;
  const holds = JUMP[row.width][row.op];
  const take = goto(slot);
  const immediate = signExtend(imm);
  return (run) => {
    const { registers } = run;
    const operand = row.operand === "reg" ? word(registers, src) : immediate;
    run.taken = holds(word(registers, dst), operand);
    return run.taken ? take(run) : pc + 1;
  };
}

function mayGoto(slot: Slot<Row>): Step {
  const take = goto(slot);
  return (run) => {
    run.taken = run.loops === 0;
    if (run.taken) return take(run);
    run.loops--;
    return slot.pc + 1;
  };
}

/** Go to the slot that the branch or local call names, if there is one. */
function goto({ row, insn, pc, code }: Slot<Row>): Step {
  const target = branchTarget(insn, pc);
  if (target === undefined || target < 0 || target >= code.length) {
    return refuse(pc, "badJump", `${row.id} to ${target}, the program has ${code.length} slots`);
  }
  return () => target;
}

function lddw(slot: Slot<LddwRow>): Step {
  const { row, insn, pc, code } = slot;
  if (code[pc + 1]?.row.kind !== "lddwHigh") return refuse(pc, "badOpcode", "lddw without its second slot");
  const { low, high } = lddwHalves(code, pc);
  const value = ADDRESSES[row.source](low, high);
  if (typeof value === "string") return refuse(pc, "badCall", value);
  return (run) => {
    const word = typeof value === "bigint" ? value : value(run);
    if (word === undefined) return run.fault(pc, "badAccess", `${row.id}: there is no such map ${low}`);
    run.registers[insn.dst] = word;
    return pc + 2;
  };
}

/** The 64-bit immediate: a number, how to find it in the layout, or why it is refused. */
type Immediate = U64 | ((run: RunState) => U64 | undefined) | string;

const mapObject =
  (index: number): ((run: RunState) => U64 | undefined) =>
  ({ layout, program }) =>
    program.maps[index] && pointerTo(layout.maps[index]!.object.base);

const mapValues =
  (index: number, offset: number): ((run: RunState) => U64 | undefined) =>
  ({ layout, program }) =>
    program.maps[index] && u64(pointerTo(layout.maps[index]!.values.base) + BigInt(offset));

const ADDRESSES: Record<LddwRow["source"], (low: number, high: number) => Immediate> = {
  imm64: (low, high) => u64((BigInt(high) << 32n) | BigInt(low >>> 0)),
  mapFd: mapObject,
  mapIndex: mapObject,
  mapFdValue: mapValues,
  mapIndexValue: mapValues,
  variable: () => "kernel variables are not supported",
  code: () => "function pointers are not supported",
};

function stepOf(insn: Insn, pc: number, code: readonly Insn[]): Step {
  const { row, dst, src } = insn;
  if (row.kind !== "stackArgument" && Math.max(dst, src) >= REGISTERS) {
    return refuse(pc, "badOpcode", `${row.id} names r${Math.max(dst, src)}, the last register is r${REGISTERS - 1}`);
  }
  const make = MAKERS[row.kind] as Maker<Row>;
  return make({ row, insn, pc, code });
}

type Steps = (Step | undefined)[];

/** Of the codes that ran last. A run may go back and forth between several by tail calls. */
const remembered: { readonly code: readonly Insn[]; readonly steps: Steps }[] = [];
const MOST_REMEMBERED = 8;

/** The steps of a code that were made so far: one for each slot that a run came to, and one for a run past the end. */
export function stepsOf(code: readonly Insn[]): Steps {
  for (const one of remembered) if (one.code === code) return one.steps;
  if (remembered.length === MOST_REMEMBERED) remembered.shift();
  const steps: Steps = new Array(code.length + 1);
  remembered.push({ code, steps });
  return steps;
}

/** The step of a slot that a run comes to for the first time, from now on among those that were made. */
export function makeStep(code: readonly Insn[], steps: Steps, pc: number): Step {
  const insn = code[pc];
  const step =
    insn === undefined
      ? refuse(code.length, "badJump", `the program has ${code.length} slots and no exit at its end`)
      : stepOf(insn, pc, code);
  steps[pc] = step;
  return step;
}
