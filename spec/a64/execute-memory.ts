// Loads, stores, exclusives and atomics. On the one processing element that is modelled, acquire and release order
// nothing that is not ordered already, so they have no effect here but that what is accessed must be aligned.

import { hex64, s32, s64, u32, u64 } from "../bits.js";
import { pointer } from "./address.js";
import type { Insn } from "./insn.js";
import type { Meanings } from "./meaning.js";
import { type AccessBytes, type Reg, SP, type Width } from "./registers.js";
import type { Memory, State, Stop } from "./state.js";

/** SP must be 16-byte aligned when it is the base of an access (SCTLR_EL1.SA is set in kernels). */
function misalignedStack(state: State, base: Reg): Stop | undefined {
  const address = state.x[SP]!;
  if (base !== SP || (address & 15n) === 0n) return undefined;
  return { why: "misalignedStack", address, detail: `sp is ${hex64(address)} in an access` };
}

/** Exclusives, atomics and ordered accesses must be naturally aligned, which is looked at after the stack. */
function misaligned(
  state: State,
  base: Reg,
  address: bigint,
  bytes: number,
  why: "badRead" | "badWrite",
): Stop | undefined {
  const stack = misalignedStack(state, base);
  if (stack !== undefined || (address & BigInt(bytes - 1)) === 0n) return stack;
  return { why, address, detail: `misaligned atomic: ${bytes} bytes at ${hex64(address)}` };
}

interface Access {
  readonly op: "load" | "store" | "prefetch";
  readonly bytes: AccessBytes;
  readonly signed: boolean;
  readonly width: Width;
  readonly rt: Reg;
}

const loaded = (value: bigint, { bytes, signed }: Pick<Access, "bytes" | "signed">): bigint =>
  signed ? BigInt.asIntN(bytes * 8, value) : value;

function access(insn: Access, address: bigint, state: State, memory: Memory): Stop | undefined {
  const { op, bytes, width, rt } = insn;
  if (op === "store") return store(state, memory, address, bytes, state.x[rt]!);
  const value = memory.load(address, bytes);
  if (typeof value !== "bigint") return value;
  state.write(rt, width, loaded(value, insn));
  return undefined;
}

/** A store of one's own to the marked block ends the reservation: the architecture allows it, so nobody may rely on it. */
function store(
  state: State,
  memory: Memory,
  address: bigint,
  bytes: AccessBytes | 16,
  value: bigint,
): Stop | undefined {
  const stop = memory.store(address, bytes, value);
  if (stop !== undefined) return stop;
  const reserved = state.reservation;
  if (
    reserved !== undefined &&
    address < reserved.address + BigInt(reserved.bytes) &&
    reserved.address < address + BigInt(bytes)
  ) {
    state.reservation = undefined;
  }
  return undefined;
}

/** How an access comes by its address and leaves its base. */
type Indexing = "offset" | "pre" | "post";

/**
 * Make an access through a base that may be written back. That is done before the access, so that a push is judged by the
 * frame that it makes, and undone if the access faults; a post-indexed access is judged by the frame that it leaves.
 */
function indexed(
  indexing: Indexing,
  rn: Reg,
  offset: bigint,
  state: State,
  make: (address: bigint) => Stop | undefined,
): Stop | undefined {
  const stack = misalignedStack(state, rn);
  if (stack !== undefined) return stack;
  const base = state.x[rn]!;
  const moved = u64(base + offset);
  if (indexing === "offset") return make(moved);
  if (indexing === "pre") state.x[rn] = moved;
  const stop = make(indexing === "post" ? base : moved);
  state.x[rn] = stop === undefined ? moved : base;
  return stop;
}

const MODES = { scaled: "offset", unscaled: "offset", unprivileged: "offset", pre: "pre", post: "post" } as const;
const PAIR_MODES = { offset: "offset", nonTemporal: "offset", pre: "pre", post: "post" } as const;
const LOG2 = { 1: 0n, 2: 1n, 4: 2n, 8: 3n } as const;

/** Of what the index register holds. SXTX and LSL take all of it; the two differ only in text. */
export function indexOf({ extend, scaled, bytes }: Insn<"accessRegister">, register: bigint): bigint {
  const extended = extend === "uxtw" ? u32(register) : extend === "sxtw" ? s32(register) : s64(register);
  return scaled ? extended << LOG2[bytes] : extended;
}

function pair(insn: Insn<"accessPair">, address: bigint, state: State, memory: Memory): Stop | undefined {
  const { bytes, width, rt, rt2 } = insn;
  const next = u64(address + BigInt(bytes));
  // A store of which only the second half faults has made the first, which the architecture allows.
  if (insn.op === "store") {
    return store(state, memory, address, bytes, state.x[rt]!) ?? store(state, memory, next, bytes, state.x[rt2]!);
  }
  const first = memory.load(address, bytes);
  if (typeof first !== "bigint") return first;
  const second = memory.load(next, bytes);
  if (typeof second !== "bigint") return second;
  state.write(rt, width, loaded(first, insn));
  state.write(rt2, width, loaded(second, insn));
  return undefined;
}

type ExclusiveBytes = AccessBytes | 16;

/** Load and mark a block. */
function loadMarking(
  rn: Reg,
  bytes: ExclusiveBytes,
  state: State,
  memory: Memory,
  take: (value: bigint) => void,
): Stop | undefined {
  const address = state.x[rn]!;
  const stop = misaligned(state, rn, address, bytes, "badRead");
  if (stop !== undefined) return stop;
  const value = memory.load(address, bytes);
  if (typeof value !== "bigint") return value;
  state.reservation = { address, bytes };
  take(value);
  return undefined;
}

/** Succeeds only if the last load-exclusive marked this very block and nothing has ended its reservation. */
function storeMarked(
  { rs, rn }: { readonly rs: Reg; readonly rn: Reg },
  bytes: ExclusiveBytes,
  value: bigint,
  state: State,
  memory: Memory,
): Stop | undefined {
  const address = state.x[rn]!;
  const unaligned = misaligned(state, rn, address, bytes, "badWrite");
  if (unaligned !== undefined) return unaligned;
  const reserved = state.reservation;
  state.reservation = undefined;
  const succeeds = reserved !== undefined && reserved.address === address && reserved.bytes === bytes;
  const fails = !succeeds || state.spuriousFailure?.() === true;
  const stop = fails ? undefined : memory.store(address, bytes, value);
  if (stop === undefined) state.write(rs, 32, fails ? 1n : 0n);
  else state.reservation = reserved;
  return stop;
}

/** Read memory and write what becomes of it; memory must be writable even if that is what it was. */
function modify(
  rn: Reg,
  bytes: ExclusiveBytes,
  state: State,
  memory: Memory,
  combine: (old: bigint) => bigint,
  take: (old: bigint) => void,
): Stop | undefined {
  const address = state.x[rn]!;
  const unaligned = misaligned(state, rn, address, bytes, "badWrite");
  if (unaligned !== undefined) return unaligned;
  const old = memory.load(address, bytes);
  if (typeof old !== "bigint") return old;
  const stop = store(state, memory, address, bytes, combine(old));
  if (stop === undefined) take(old);
  return stop;
}

/** What memory holds afterwards; the store keeps the low bytes of it. @param operand as wide as `old` */
function combined(op: Insn<"atomicMemory">["op"], old: bigint, operand: bigint, bits: number): bigint {
  const [a, b] =
    op === "smax" || op === "smin" ? [BigInt.asIntN(bits, old), BigInt.asIntN(bits, operand)] : [old, operand];
  switch (op) {
    case "add":
      return BigInt.asUintN(bits, old + operand);
    case "clr":
      return old & ~operand;
    case "eor":
      return old ^ operand;
    case "set":
      return old | operand;
    case "smax":
    case "umax":
      return a > b ? old : operand;
    case "smin":
    case "umin":
      return a < b ? old : operand;
    case "swp":
      return operand;
  }
}

/** Two registers of `width`, as they lie in memory. */
const joined = (first: bigint, second: bigint, width: Width): bigint =>
  BigInt.asUintN(width, first) | (BigInt.asUintN(width, second) << BigInt(width));

function split(value: bigint, width: Width, first: Reg, second: Reg, state: State): void {
  state.write(first, width, BigInt.asUintN(width, value));
  state.write(second, width, value >> BigInt(width));
}

export const MEMORY_MEANINGS: Meanings<
  | "accessImmediate"
  | "accessRegister"
  | "loadLiteral"
  | "accessOrdered"
  | "accessPair"
  | "loadExclusive"
  | "storeExclusive"
  | "loadExclusivePair"
  | "storeExclusivePair"
  | "compareAndSwap"
  | "compareAndSwapPair"
  | "atomicMemory"
> = {
  accessImmediate(insn, state, memory) {
    if (insn.op === "prefetch") return undefined;
    const { mode, rn, offsetValue } = insn;
    return indexed(MODES[mode], rn, offsetValue, state, (address) => access(insn, address, state, memory));
  },
  accessRegister(insn, state, memory) {
    if (insn.op === "prefetch") return undefined;
    return indexed("offset", insn.rn, indexOf(insn, state.x[insn.rm]!), state, (address) =>
      access(insn, address, state, memory),
    );
  },
  loadLiteral(insn, state, memory, pc) {
    return insn.op === "prefetch" ? undefined : access(insn, pointer(pc + insn.offset), state, memory);
  },
  accessOrdered(insn, state, memory) {
    const { op, rn, bytes } = insn;
    const address = u64(state.x[rn]! + BigInt(insn.offset));
    const stop = misaligned(state, rn, address, bytes, op === "load" ? "badRead" : "badWrite");
    return stop ?? access(insn, address, state, memory);
  },
  accessPair(insn, state, memory) {
    const { mode, rn, offset } = insn;
    return indexed(PAIR_MODES[mode], rn, BigInt(offset), state, (address) => pair(insn, address, state, memory));
  },
  loadExclusive: ({ bytes, width, rt, rn }, state, memory) =>
    loadMarking(rn, bytes, state, memory, (value) => state.write(rt, width, value)),
  storeExclusive: (insn, state, memory) => storeMarked(insn, insn.bytes, state.x[insn.rt]!, state, memory),
  loadExclusivePair: ({ width, rt, rt2, rn }, state, memory) =>
    loadMarking(rn, width === 64 ? 16 : 8, state, memory, (value) => split(value, width, rt, rt2, state)),
  storeExclusivePair(insn, state, memory) {
    const value = joined(state.x[insn.rt]!, state.x[insn.rt2]!, insn.width);
    return storeMarked(insn, insn.width === 64 ? 16 : 8, value, state, memory);
  },
  compareAndSwap({ bytes, width, rs, rt, rn }, state, memory) {
    const expected = BigInt.asUintN(8 * bytes, state.x[rs]!);
    const swapped = (old: bigint): bigint => (old === expected ? state.x[rt]! : old);
    return modify(rn, bytes, state, memory, swapped, (old) => state.write(rs, width, old));
  },
  compareAndSwapPair({ width, rs, rt, rn }, state, memory) {
    const expected = joined(state.x[rs]!, state.x[rs + 1]!, width);
    const swapped = (old: bigint): bigint => (old === expected ? joined(state.x[rt]!, state.x[rt + 1]!, width) : old);
    const bytes = width === 64 ? 16 : 8;
    return modify(rn, bytes, state, memory, swapped, (old) => split(old, width, rs, rs + 1, state));
  },
  atomicMemory({ op, bytes, width, rs, rt, rn }, state, memory) {
    const operand = BigInt.asUintN(8 * bytes, state.x[rs]!);
    const stored = (old: bigint): bigint => combined(op, old, operand, 8 * bytes);
    return modify(rn, bytes, state, memory, stored, (old) => state.write(rt, width, old));
  },
};
