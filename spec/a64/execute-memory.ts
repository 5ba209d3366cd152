// Loads, stores, exclusives and atomics. On the one processing element that is modelled, acquire and release order
// nothing that is not ordered already, so they have no effect here.

import { hex64, s32, s64, u32, u64 } from "../bits.js";
import { pointer } from "./address.js";
import type {
  AccessImmediate,
  AccessPair,
  AccessRegister,
  AtomicMemory,
  CompareAndSwap,
  LoadExclusive,
  LoadLiteral,
  Reg,
  StoreExclusive,
} from "./insn.js";
import { SP } from "./insn.js";
import type { Memory, State, Stop } from "./state.js";

/** SP must be 16-byte aligned when it is the base of an access (SCTLR_EL1.SA is set in kernels). */
function misalignedStack(state: State, base: Reg): Stop | undefined {
  if (base !== SP || (state.x[SP]! & 15n) === 0n) return undefined;
  return { why: "misalignedStack", detail: `sp is ${hex64(state.x[SP]!)} in an access` };
}

/** Exclusives and atomics must be naturally aligned. */
function misalignedAtomic(address: bigint, bytes: 4 | 8, why: "badRead" | "badWrite"): Stop | undefined {
  if ((address & BigInt(bytes - 1)) === 0n) return undefined;
  return { why, detail: `misaligned atomic: ${bytes} bytes at ${hex64(address)}` };
}

function access(
  insn: AccessImmediate | AccessRegister,
  address: bigint,
  state: State,
  memory: Memory,
): Stop | undefined {
  const { op, bytes, width, rt } = insn;
  if (op === "store") {
    return store(state, memory, address, bytes, state.x[rt]!);
  }
  const value = memory.load(address, bytes);
  if (typeof value !== "bigint") return value;
  state.write(rt, width, insn.signed ? BigInt.asIntN(bytes * 8, value) : value);
  return undefined;
}

/** A store of one's own to the marked block ends the reservation: the architecture allows it, so nobody may rely on it. */
function store(state: State, memory: Memory, address: bigint, bytes: 1 | 2 | 4 | 8, value: bigint): Stop | undefined {
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

export function accessImmediate(insn: AccessImmediate, state: State, memory: Memory): Stop | undefined {
  return misalignedStack(state, insn.rn) ?? access(insn, u64(state.x[insn.rn]! + insn.offsetValue), state, memory);
}

const LOG2 = { 1: 0n, 2: 1n, 4: 2n, 8: 3n } as const;

export function accessRegister(insn: AccessRegister, state: State, memory: Memory): Stop | undefined {
  const misaligned = misalignedStack(state, insn.rn);
  if (misaligned !== undefined) return misaligned;
  const index = state.x[insn.rm]!;
  // SXTX and LSL take the whole register; the two differ only in text.
  const extended = insn.extend === "uxtw" ? u32(index) : insn.extend === "sxtw" ? s32(index) : s64(index);
  const offset = insn.scaled ? extended << LOG2[insn.bytes] : extended;
  return access(insn, u64(state.x[insn.rn]! + offset), state, memory);
}

export function loadLiteral(insn: LoadLiteral, pc: number, state: State, memory: Memory): Stop | undefined {
  const value = memory.load(pointer(pc + insn.offset), insn.width === 64 ? 8 : 4);
  if (typeof value !== "bigint") return value;
  state.write(insn.rt, insn.width, value);
  return undefined;
}

/**
 * The base is written back before the access, so that a push is judged by the frame that it makes, and put back if the
 * access faults; a post-indexed access is judged by the frame that it leaves. A store of which only the second half
 * faults has made the first, which the architecture allows.
 */
export function accessPair(insn: AccessPair, state: State, memory: Memory): Stop | undefined {
  const { mode, rt, rt2, rn } = insn;
  const misaligned = misalignedStack(state, rn);
  if (misaligned !== undefined) return misaligned;
  const base = state.x[rn]!;
  const moved = u64(base + BigInt(insn.offset));
  const address = mode === "post" ? base : moved;
  if (mode === "pre") state.x[rn] = moved;
  const stop =
    insn.op === "load" ? loadPair(rt, rt2, address, state, memory) : storePair(rt, rt2, address, state, memory);
  if (stop !== undefined) state.x[rn] = base;
  else if (mode === "post") state.x[rn] = moved;
  return stop;
}

function loadPair(rt: Reg, rt2: Reg, address: bigint, state: State, memory: Memory): Stop | undefined {
  const first = memory.load(address, 8);
  if (typeof first !== "bigint") return first;
  const second = memory.load(u64(address + 8n), 8);
  if (typeof second !== "bigint") return second;
  state.write(rt, 64, first);
  state.write(rt2, 64, second);
  return undefined;
}

function storePair(rt: Reg, rt2: Reg, address: bigint, state: State, memory: Memory): Stop | undefined {
  return store(state, memory, address, 8, state.x[rt]!) ?? store(state, memory, u64(address + 8n), 8, state.x[rt2]!);
}

export function loadExclusive(insn: LoadExclusive, state: State, memory: Memory): Stop | undefined {
  const bytes = insn.width === 64 ? 8 : 4;
  const address = state.x[insn.rn]!;
  const misaligned = misalignedStack(state, insn.rn) ?? misalignedAtomic(address, bytes, "badRead");
  if (misaligned !== undefined) return misaligned;
  const value = memory.load(address, bytes);
  if (typeof value !== "bigint") return value;
  state.reservation = { address, bytes };
  state.write(insn.rt, insn.width, value);
  return undefined;
}

/** Succeeds only if the last load-exclusive marked this very block and nothing has ended its reservation. */
export function storeExclusive(insn: StoreExclusive, state: State, memory: Memory): Stop | undefined {
  const bytes = insn.width === 64 ? 8 : 4;
  const address = state.x[insn.rn]!;
  const misaligned = misalignedStack(state, insn.rn) ?? misalignedAtomic(address, bytes, "badWrite");
  if (misaligned !== undefined) return misaligned;
  const reserved = state.reservation;
  state.reservation = undefined;
  const succeeds = reserved !== undefined && reserved.address === address && reserved.bytes === bytes;
  if (!succeeds || state.spuriousFailure?.() === true) {
    state.write(insn.rs, 32, 1n);
    return undefined;
  }
  const stop = memory.store(address, bytes, state.read(insn.rt, insn.width));
  if (stop === undefined) state.write(insn.rs, 32, 0n);
  return stop;
}

export function atomicMemory(insn: AtomicMemory, state: State, memory: Memory): Stop | undefined {
  const { op, width, rs, rt, rn } = insn;
  const bytes = width === 64 ? 8 : 4;
  const address = state.x[rn]!;
  const misaligned = misalignedStack(state, rn) ?? misalignedAtomic(address, bytes, "badWrite");
  if (misaligned !== undefined) return misaligned;
  const old = memory.load(address, bytes);
  if (typeof old !== "bigint") return old;
  const stop = store(state, memory, address, bytes, combine(op, old, state.read(rs, width)));
  if (stop === undefined) state.write(rt, width, old);
  return stop;
}

/** What memory holds afterwards; the store keeps the low bytes of it. */
function combine(op: AtomicMemory["op"], old: bigint, operand: bigint): bigint {
  switch (op) {
    case "add":
      return u64(old + operand);
    case "clr":
      return u64(old & ~operand);
    case "eor":
      return old ^ operand;
    case "set":
      return old | operand;
    case "swp":
      return operand;
  }
}

/** Writes the old value back if the comparison fails, so that memory must be writable either way. */
export function compareAndSwap(insn: CompareAndSwap, state: State, memory: Memory): Stop | undefined {
  const { width, rs, rt, rn } = insn;
  const bytes = width === 64 ? 8 : 4;
  const address = state.x[rn]!;
  const misaligned = misalignedStack(state, rn) ?? misalignedAtomic(address, bytes, "badWrite");
  if (misaligned !== undefined) return misaligned;
  const old = memory.load(address, bytes);
  if (typeof old !== "bigint") return old;
  const stored = old === state.read(rs, width) ? state.read(rt, width) : old;
  const stop = store(state, memory, address, bytes, stored);
  if (stop === undefined) state.write(rs, width, old);
  return stop;
}
