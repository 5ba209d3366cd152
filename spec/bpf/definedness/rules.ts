// The rules of the instructions, by their kind: each looks at what is about to be done, and either says why that has no
// meaning or notes what will be known of the results. A new kind without a rule does not compile.

import { u64 } from "../../bits.js";
import { fieldAccess } from "../context-fields.js";
import { int } from "../helpers/helper.js";
import { FP, lddwHalves } from "../insn.js";
import { slotAt } from "../insn-array.js";
import type { AluRow, AtomicRow, JumpRow, LegacyLoadRow, Mode, Row, Size, StackArgumentRow } from "../isa.js";
import { LEGACY_CONTEXT, legacyOffset } from "../legacy-load.js";
import { hasFields } from "../program.js";
import { word } from "../run-state.js";
import { functionStart } from "../validate/functions.js";
import { type Access, type AccessKind, offsetIn, problemOfAccess } from "./access.js";
import { arithmetic, extension, negation, type Operand, reordering, widened } from "./arithmetic.js";
import { callProblem, exitProblem } from "./calls.js";
import { contextName, type Place, placeOf } from "./tracker.js";
import { bitsOf, DEFINED, pointerValue, type Value, whyUndefined } from "./value.js";

/** @returns why the instruction has no meaning here. */
type Rule<R extends Row> = (place: Place, row: R) => string | undefined;

const RULES: { readonly [K in Row["kind"]]: Rule<Extract<Row, { kind: K }>> } = {
  alu,
  neg: ({ tracker: { values }, insn: { dst } }, { width }) => note(values, dst, negation(values[dst]!, width)),
  movsx: ({ tracker: { values }, insn: { dst, src } }, row) => note(values, dst, extension(values[src]!, row)),
  end: ({ tracker: { values }, insn: { dst } }, row) => note(values, dst, reordering(values[dst]!, row)),
  ja: () => undefined,
  jump,
  call: callProblem,
  exit: exitProblem,
  lddw: ({ tracker, run, insn: { dst }, pc }, { source }) => {
    const { low } = lddwHalves(run.program.code[run.code]!, pc);
    const map = tracker.maps[low];
    const isValue = source === "mapFdValue" || source === "mapIndexValue";
    const isPointer = isValue || source === "mapFd" || source === "mapIndex";
    const target = isValue ? map?.values : map?.object;
    return note(tracker.values, dst, isPointer && target !== undefined ? pointerValue(target) : DEFINED);
  },
  // What no program has, the step refuses.
  lddwHigh: () => undefined,
  kernel: () => undefined,
  mayGoto: () => undefined,
  gotox,
  load: (place, { size, signed, mode }) => loaded(place, size, signed, mode),
  loadAcquire: (place, { size, mode }) =>
    misaligned(accessOf(place, "reads", place.insn.src, size)) ?? loaded(place, size, false, mode),
  storeRelease: (place, { size, mode }) =>
    misaligned(accessOf(place, "writes", place.insn.dst, size)) ??
    stored(place, size, mode, place.tracker.values[place.insn.src]!),
  legacyLoad,
  stackArgument,
  storeImm: (place, { size, mode }) => stored(place, size, mode, DEFINED),
  store: (place, { size, mode }) => stored(place, size, mode, place.tracker.values[place.insn.src]!),
  atomic,
};

/** Apply the rule of the instruction that is about to run. @returns why the program is undefined */
export const ruleProblem = (place: Place): string | undefined => {
  const { row } = place.insn;
  const rule = RULES[row.kind] as Rule<Row>;
  return rule(place, row) ?? writtenFrame(place);
};

/** Linux lets no program change r10 that comes to it; what no path comes to it does not look at. */
function writtenFrame({ insn: { row, dst, src } }: Place): string | undefined {
  const isWritten = (dst === FP && (row.dst === "w" || row.dst === "rw")) || (src === FP && row.src === "rw");
  return isWritten ? "writes r10, which is read-only" : undefined;
}

function note(values: Value[], register: number, value: Value): undefined {
  values[register] = value;
}

const operandOf = ({ tracker, run }: Place, register: number): Operand => {
  const { undefined: holes, target } = tracker.values[register]!;
  return { bits: word(run.registers, register), undefined: holes, target };
};

/** The right operand: a register or the immediate. */
const rightOf = (place: Place, operand: "reg" | "imm"): Operand =>
  operand === "reg"
    ? operandOf(place, place.insn.src)
    : { bits: u64(BigInt(place.insn.imm)), undefined: 0n, target: undefined };

function alu(place: Place, { op, width, operand }: AluRow): undefined {
  const { undefined: holes, target } = arithmetic(op, width, operandOf(place, place.insn.dst), rightOf(place, operand));
  note(place.tracker.values, place.insn.dst, { undefined: holes, target });
}

/** It goes to an instruction of the function that runs, as an instruction array has it. */
function gotox({ tracker, run, insn: { dst }, pc }: Place): string | undefined {
  const code = run.program.code[run.code]!;
  const bits = word(run.registers, dst);
  const { target } = tracker.values[dst]!;
  if (target?.kind !== "instruction" || offsetIn(target, bits) !== 0n) {
    return `goes to what r${dst} holds, which is not the address of an instruction`;
  }
  const slot = slotAt(run.code, code.length, bits);
  return slot !== undefined && functionStart(code, slot) === functionStart(code, pc)
    ? undefined
    : `goes to ${target.name}, which is in another function`;
}

/** Comparisons whose answer for a pointer and 0 is the same wherever the pointer points to. */
const SAME_FOR_ALL_POINTERS: ReadonlySet<JumpRow["op"]> = new Set(["jeq", "jne", "jgt", "jge", "jlt", "jle"]);

function jump(place: Place, row: JumpRow): string | undefined {
  const { insn } = place;
  const left = operandOf(place, insn.dst);
  const right = rightOf(place, row.operand);
  const mask = row.width === 64 ? 0xffff_ffff_ffff_ffffn : 0xffff_ffffn;
  const holes = (left.undefined | right.undefined) & mask;
  if (holes === 0n || isPromised(row, left, right)) return undefined;
  // What is 0 for sure in one operand does not matter in the other.
  if (row.op === "jset" && (holes & (left.bits | left.undefined) & (right.bits | right.undefined)) === 0n) {
    return undefined;
  }
  const isLeft = (left.undefined & mask) !== 0n;
  return `branches on r${isLeft ? insn.dst : insn.src}, which ${whyUndefined(isLeft ? left : right)}`;
}

/** Two pointers into one frame, or a pointer and 0. */
function isPromised({ op, width }: JumpRow, left: Operand, right: Operand): boolean {
  if (width === 32 || op === "jset") return false;
  if (left.target !== undefined && left.target === right.target) return true;
  if (!SAME_FOR_ALL_POINTERS.has(op)) return false;
  const isZero = (operand: Operand): boolean => operand.undefined === 0n && operand.bits === 0n;
  return (left.target !== undefined && isZero(right)) || (right.target !== undefined && isZero(left));
}

const accessOf = (place: Place, kind: AccessKind, register: number, size: Size): Access => ({
  kind,
  register: `r${register}`,
  bits: word(place.run.registers, register),
  value: place.tracker.values[register]!,
  offset: place.insn.off,
  size,
});

const addressOf = ({ bits, offset }: Access): number => placeOf(u64(bits + BigInt(offset)));

/** Hardware faults where an access that is atomic or ordered is not aligned. */
const misaligned = (access: Access): string | undefined =>
  problemOfAccess(access) !== undefined || addressOf(access) % access.size === 0
    ? undefined
    : `${access.kind} ${access.size} bytes at once at an address that is no multiple of ${access.size}`;

function loaded(place: Place, size: Size, signed: boolean, mode: Mode): string | undefined {
  if (mode !== "mem") return undefined;
  const { tracker, insn } = place;
  const access = accessOf(place, "reads", insn.src, size);
  const problem = problemOfAccess(access);
  if (problem !== undefined) return problem;
  const wrong = notAField(place, access);
  if (wrong !== undefined) return wrong;
  if (isContext(place, access)) {
    const { field, low } = fieldAccess(tracker.program.context, offsetOf(place, access), size, "load")!;
    if (field.sort === "packet") return note(tracker.values, insn.dst, pointerValue(tracker.packet));
    if (field.sort !== "any") return note(tracker.values, insn.dst, DEFINED);
    const { undefined: holes } = tracker.memory.load(tracker.context.base + field.at + low, size);
    return note(tracker.values, insn.dst, bitsOf(widened(holes, size, signed)));
  }
  const { undefined: holes, target } = tracker.memory.load(addressOf(access), size);
  return note(
    tracker.values,
    insn.dst,
    target === undefined ? bitsOf(widened(holes, size, signed)) : { undefined: holes, target },
  );
}

function legacyLoad(
  { tracker, run, insn: { src, imm } }: Place,
  { id, mode, size }: LegacyLoadRow,
): string | undefined {
  const isContext =
    tracker.values[LEGACY_CONTEXT]!.target === tracker.context &&
    word(run.registers, LEGACY_CONTEXT) === run.context.pointer;
  if (tracker.program.context !== "skb" || !isContext) return `${id}: r6 is not the skb context`;
  const offset = mode === "ind" ? tracker.values[src]! : DEFINED;
  if ((offset.undefined & 0xffff_ffffn) !== 0n) return `${id}: r${src} ${whyUndefined(offset)}`;
  const { packet } = run.helperState;
  const at = legacyOffset(int(BigInt(imm) + (mode === "ind" ? word(run.registers, src) : 0n)));
  const isThere = at !== undefined && at + size <= packet.length;
  const holes = isThere ? tracker.memory.load(packet.data + at, size).undefined : 0n;
  const loaded = size === 1 ? bitsOf(holes) : reordering(bitsOf(holes), { order: "be", bits: size === 2 ? 16 : 32 });
  return note(tracker.values, 0, loaded);
}

function stackArgument(
  { tracker: { stackArguments, values }, insn: { dst, src, off } }: Place,
  { op }: StackArgumentRow,
): string | undefined {
  if (op !== "load") {
    stackArguments.store(off, op === "store" ? values[src]! : DEFINED);
    return undefined;
  }
  const value = stackArguments.load(off);
  return value === undefined ? `reads ${stackArguments.missing(off)}` : note(values, dst, value);
}

/** A context that has fields. */
const isContext = ({ tracker }: Place, { value: { target } }: Access): boolean =>
  hasFields(tracker.program.context) && target === tracker.context;

const offsetOf = ({ tracker }: Place, access: Access): number =>
  Number(offsetIn(tracker.context, u64(access.bits + BigInt(access.offset))));

/** Linux knows the fields of a context by the instruction, so each must read or write one field on every path. */
function notAField(place: Place, access: Access): string | undefined {
  const { tracker, run, pc } = place;
  const isMeant = tracker.facts.contextLoads[run.code]?.has(pc) === true;
  const { kind, register, size } = access;
  const name = contextName(tracker.program.context);
  if (!isContext(place, access)) {
    return isMeant ? `${kind} through ${register}, which is ${name} on another path` : undefined;
  }
  if (kind === "changes") return `${kind} ${name}`;
  const how = kind === "reads" ? "load" : "store";
  const field = fieldAccess(tracker.program.context, offsetOf(place, access), size, how);
  if (kind === "writes" && field === undefined) return `${kind} ${name}`;
  return isMeant && field !== undefined
    ? undefined
    : `${kind} ${name} through ${register}, but not one of its fields on every path`;
}

/** The value is cut to the size. */
function stored(place: Place, size: Size, mode: Mode, value: Value): string | undefined {
  if (mode !== "mem") return undefined;
  const access = accessOf(place, "writes", place.insn.dst, size);
  const problem = problemOfAccess(access) ?? readOnly(place, access) ?? notAField(place, access);
  if (problem !== undefined) return problem;
  if (!isContext(place, access)) place.tracker.memory.store(addressOf(access), size, value);
  else {
    // A value that is cut to fewer bytes is stored as it is: the bytes that count are the low ones.
    const { tracker } = place;
    const { field, low } = fieldAccess(tracker.program.context, offsetOf(place, access), size, "store")!;
    const bytes = field.sort === "any" ? size : field.width;
    if ((value.undefined & ((1n << BigInt(8 * bytes)) - 1n)) !== 0n && field.sort !== "any") {
      return `writes ${field.name} of ${contextName(tracker.program.context)} with a value that ${whyUndefined(value)}`;
    }
    tracker.memory.store(tracker.context.base + field.at + low, bytes, { undefined: value.undefined });
  }
  return undefined;
}

/** What a program that traces is given it may only read. */
function readOnly({ tracker }: Place, { kind, value: { target } }: Access): string | undefined {
  const { program, context } = tracker;
  if (program.context === "tracing" && target === context) return `${kind} the input, which it may only read`;
  const isAddresses = target?.kind === "value" && program.maps[target.map!]?.kind === "insnArray";
  return isAddresses ? `${kind} ${target.name}, which holds addresses of instructions` : undefined;
}

function atomic(place: Place, { op, size, fetch, mode }: AtomicRow): string | undefined {
  if (mode !== "mem") return undefined;
  const { tracker, run, insn } = place;
  const access = accessOf(place, "changes", insn.dst, size);
  const address = u64(access.bits + BigInt(insn.off));
  const problem = problemOfAccess(access) ?? readOnly(place, access) ?? notAField(place, access) ?? misaligned(access);
  if (problem !== undefined) return problem;
  const at = placeOf(address);
  const old = tracker.memory.load(at, size);
  const bits = run.memory.load(address, size) ?? 0n;
  const given = operandOf(place, insn.src);
  const cut = (holes: bigint): bigint => BigInt.asUintN(size * 8, holes);
  if (op === "cmpxchg") {
    const expected = operandOf(place, 0);
    const isSame = size === 8 && old.target !== undefined && old.target === expected.target;
    if (!isSame && cut(old.undefined | expected.undefined) !== 0n) {
      const [what, value]: [string, Value] =
        cut(expected.undefined) === 0n ? ["the bytes there", old] : ["r0", expected];
      return `compares ${what} and stores, but ${what} ${what === "r0" ? "" : "hold what "}${whyUndefined(value)}`;
    }
    if (bits === cut(expected.bits)) tracker.memory.store(at, size, given);
    note(tracker.values, 0, old);
    return undefined;
  }
  if (op === "xchg") tracker.memory.store(at, size, given);
  else {
    const left: Operand = { bits, undefined: old.undefined, target: undefined };
    const right: Operand = { bits: cut(given.bits), undefined: cut(given.undefined), target: undefined };
    tracker.memory.store(at, size, bitsOf(arithmetic(op, size === 8 ? 64 : 32, left, right).undefined));
  }
  return fetch ? note(tracker.values, insn.src, old) : undefined;
}
