// The steps that touch memory: loads, stores and atomics. An address is a register plus a signed 16-bit offset, wrapped
// to 64 bits. The modes that the kernel's verifier marks are not for programs to use.

import { type U64, u64 } from "../bits.js";
import { ATOMIC } from "./atomic.js";
import type {
  AtomicRow,
  LegacyLoadRow,
  LoadAcquireRow,
  LoadRow,
  Mode,
  Size,
  StackArgumentRow,
  StoreImmRow,
  StoreReleaseRow,
  StoreRow,
} from "./isa.js";
import { LEGACY_CONTEXT, legacyLoaded } from "./legacy-load.js";
import { type RunState, type Slot, type Step, word } from "./run-state.js";

export function load({ row, insn: { dst, src, off }, pc }: Slot<LoadRow>): Step {
  if (row.mode !== "mem") return refuseMode(row.mode, pc);
  const { size, signed } = row;
  const offset = BigInt(off);
  return (run) => {
    const value = run.memory.load(u64(word(run.registers, src) + offset), size);
    if (value === undefined) return run.memoryFault(pc);
    run.registers[dst] = signed ? u64(BigInt.asIntN(size * 8, value)) : value;
    return pc + 1;
  };
}

export function storeImm({ row, insn: { dst, off, imm }, pc }: Slot<StoreImmRow>): Step {
  if (row.mode !== "mem") return refuseMode(row.mode, pc);
  const offset = BigInt(off);
  const value = u64(BigInt(imm));
  return (run) => storeAt(run, pc, u64(word(run.registers, dst) + offset), row.size, value);
}

export function store({ row, insn: { dst, src, off }, pc }: Slot<StoreRow>): Step {
  if (row.mode !== "mem") return refuseMode(row.mode, pc);
  const offset = BigInt(off);
  return (run) => storeAt(run, pc, u64(word(run.registers, dst) + offset), row.size, word(run.registers, src));
}

const storeAt = (run: RunState, pc: number, address: U64, size: Size, value: U64): number =>
  run.memory.store(address, size, value) ? pc + 1 : run.memoryFault(pc);

/** Read, compute, write; with `fetch` the old value goes to src, and for `cmpxchg` to r0 whether it matched or not. */
export function atomic({ row, insn: { dst, src, off }, pc }: Slot<AtomicRow>): Step {
  if (row.mode !== "mem") return refuseMode(row.mode, pc);
  const { op, size, fetch } = row;
  const compute = ATOMIC[op];
  const offset = BigInt(off);
  const truncate = (value: U64): U64 => BigInt.asUintN(size * 8, value) as U64;
  return (run) => {
    const { registers, memory } = run;
    const address = u64(word(registers, dst) + offset);
    if (address % BigInt(size) !== 0n) return run.fault(pc, "badAccess", "misaligned atomic");
    const old = memory.load(address, size, true);
    if (old === undefined) return run.memoryFault(pc);
    const value = compute(old, truncate(word(registers, src)), truncate(word(registers, 0)));
    if (!memory.store(address, size, value)) return run.memoryFault(pc);
    if (fetch) registers[op === "cmpxchg" ? 0 : src] = old;
    return pc + 1;
  };
}

/** One CPU sees its own accesses in program order: what is ordered is a load, and must be aligned. */
export function loadAcquire({ row, insn: { dst, src, off }, pc }: Slot<LoadAcquireRow>): Step {
  const { mode, size } = row;
  if (mode !== "mem") return refuseMode(mode, pc);
  const offset = BigInt(off);
  return (run) => {
    const address = u64(word(run.registers, src) + offset);
    if (address % BigInt(size) !== 0n) return run.fault(pc, "badAccess", "misaligned load-acquire");
    const value = run.memory.load(address, size);
    if (value === undefined) return run.memoryFault(pc);
    run.registers[dst] = value;
    return pc + 1;
  };
}

export function storeRelease({ row, insn: { dst, src, off }, pc }: Slot<StoreReleaseRow>): Step {
  const { mode, size } = row;
  if (mode !== "mem") return refuseMode(mode, pc);
  const offset = BigInt(off);
  return (run) => {
    const address = u64(word(run.registers, dst) + offset);
    if (address % BigInt(size) !== 0n) return run.fault(pc, "badAccess", "misaligned store-release");
    return storeAt(run, pc, address, size, word(run.registers, src));
  };
}

export function stackArgument({ row, insn: { dst, src, off, imm }, pc }: Slot<StackArgumentRow>): Step {
  if (row.op === "load") {
    return (run) => {
      const value = run.stackArguments.load(off);
      if (value === undefined) return run.fault(pc, "badCall", `reads ${run.stackArguments.missing(off)}`);
      run.registers[dst] = value;
      return pc + 1;
    };
  }
  const constant = u64(BigInt(imm));
  return (run) => {
    const value = row.op === "store" ? word(run.registers, src) : constant;
    return run.stackArguments.store(off, value) ? pc + 1 : run.fault(pc, "badCall", `no argument is at r11 ${off}`);
  };
}

const refuseMode =
  (mode: Mode, pc: number): Step =>
  (run) =>
    run.fault(pc, "badOpcode", `${mode} accesses are for a verifier to make, not for a program`);

/** Bytes of the packet, or the end of the function. */
export function legacyLoad({ row, insn: { src, imm }, pc }: Slot<LegacyLoadRow>): Step {
  return (run) => {
    const { registers } = run;
    const isContext = word(registers, LEGACY_CONTEXT) === run.context.pointer;
    if (run.program.context !== "skb" || !isContext)
      return run.fault(pc, "badCall", `${row.id}: r6 is not the skb context`);
    const offset = BigInt(imm) + (row.mode === "ind" ? word(registers, src) : 0n);
    const loaded = legacyLoaded(run.helperState, row.size, offset);
    run.taken = BigInt.asIntN(64, loaded) < 0n;
    registers[0] = run.taken ? 0n : loaded;
    run.poisonArguments();
    return run.taken ? run.exit() : pc + 1;
  };
}
