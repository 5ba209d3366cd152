// What verifier-only instructions mean: an interpreter of straight-line code, the reference of `check.ts`.

import { pointer } from "../../../machine/address.js";
import { type U64, u32, u64 } from "../../../spec/bits.js";
import { ATOMIC } from "../../../spec/bpf/atomic.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import type { Size } from "../../../spec/bpf/isa.js";
import { RegionMemory, regionOf } from "../../../spec/bpf/memory.js";
import { PAGE_BYTES } from "../../../subjects/run/layout.js";
import {
  ARENA_BASE,
  CPU_NUMBER_HELPER,
  CPU_NUMBER_OFFSET,
  ENTRY_REGISTERS,
  initialBytes,
  PERCPU_EL1,
  PERCPU_EL2,
  PLAIN,
  placesOn,
  REGISTERS,
  TASK,
  USER_HIGH,
  type VerifierOnlyCase,
  variableAt,
} from "./case.js";

export interface Meaning {
  readonly registers: readonly U64[];
  /** By name of the place. */
  readonly memory: ReadonlyMap<string, Uint8Array>;
}

/** r6, which no body names, to r9. */
const NOTHING_YET = new Array<U64>(REGISTERS - ENTRY_REGISTERS).fill(u64(0n));

/** What the kernel was built like. */
interface Build {
  /** Bytes into `struct task_struct`. */
  readonly cpuNumberAt: number;
  /** An atomic operation that faults leaves zero in what it would have fetched. */
  readonly skippedFetchIsZero: boolean;
  readonly pageBytes: number;
}
const DEFAULT_BUILD: Build = { cpuNumberAt: CPU_NUMBER_OFFSET, skippedFetchIsZero: false, pageBytes: PAGE_BYTES };

/** Undefined where the case means nothing: an access that must not fault does, or an atomic one is not aligned. */
export const meaningOf = (c: VerifierOnlyCase, build: Build = DEFAULT_BUILD): Meaning | undefined => {
  const { meaning, meant } = followed(c, build);
  return meant.length === c.body.length ? meaning : undefined;
};

/** Without the instructions that mean nothing where they stand. What is left may be empty. */
export const meaningfulBody = (c: VerifierOnlyCase): readonly Insn[] => followed(c, DEFAULT_BUILD).meant;

/** What the instructions come to that mean something, `meant`. */
function followed(
  { body, registers, env }: VerifierOnlyCase,
  build: Build,
): { readonly meaning: Meaning; readonly meant: readonly Insn[] } {
  const memory = new RegionMemory();
  const all = placesOn(build.pageBytes);
  const places = new Map(all.map((place) => [place.name, initialBytes(place)]));
  for (const { name, base } of all) memory.add(regionOf(name, base, places.get(name)!));
  const r = [...registers, ...NOTHING_YET];
  const meant = body.filter((insn) => step(insn, r, memory, build, env.vhe));
  return { meaning: { registers: r, memory: places }, meant };
}

/** @returns false where it means nothing. */
function step(
  insn: Insn,
  r: U64[],
  memory: RegionMemory,
  { cpuNumberAt, skippedFetchIsZero }: Build,
  vhe: boolean,
): boolean {
  const { row, dst, src, off, imm } = insn;
  const address = (register: number): U64 => u64(r[register]! + BigInt(off) + base(insn));
  switch (row.kind) {
    case "load": {
      const value = memory.load(address(src), row.size);
      if (value === undefined && row.mode === "mem") return false;
      // An access that faults leaves zero.
      r[dst] = value === undefined ? u64(0n) : row.signed ? u64(BigInt.asIntN(8 * row.size, value)) : value;
      return true;
    }
    case "store":
      return memory.store(address(dst), row.size, r[src]!) || row.mode !== "mem";
    case "storeImm":
      return memory.store(address(dst), row.size, u64(BigInt(imm))) || row.mode !== "mem";
    case "atomic": {
      const at = address(dst);
      if (at % BigInt(row.size) !== 0n) return false;
      const old = memory.load(at, row.size);
      if (old === undefined) {
        if (skippedFetchIsZero && row.fetch) r[row.op === "cmpxchg" ? 0 : src] = u64(0n);
        return row.mode !== "mem";
      }
      memory.store(at, row.size, ATOMIC[row.op](old, cut(r[src]!, row.size), cut(r[0]!, row.size)));
      if (row.fetch) r[row.op === "cmpxchg" ? 0 : src] = old;
      return true;
    }
    case "loadAcquire": {
      const at = address(src);
      if (at % BigInt(row.size) !== 0n) return false;
      const value = memory.load(at, row.size);
      r[dst] = value ?? u64(0n);
      return value !== undefined || row.mode !== "mem";
    }
    case "storeRelease": {
      const at = address(dst);
      if (at % BigInt(row.size) !== 0n) return false;
      return memory.store(at, row.size, r[src]!) || row.mode !== "mem";
    }
    case "alu":
      if (row !== PLAIN.row) return false;
      r[dst] = u64(BigInt(imm));
      return true;
    case "call":
      r[0] =
        imm === CPU_NUMBER_HELPER ? memory.load(u64(pointer(TASK.base + cpuNumberAt)), 4)! : u64(pointer(TASK.base));
      return true;
    case "lddw":
      r[dst] = u64(pointer(variableAt(imm)));
      return row.source === "variable";
    case "lddwHigh":
      return true;
    case "kernel":
      if (row.op === "percpu") r[dst] = u64(r[src]! + (vhe ? PERCPU_EL2 : PERCPU_EL1));
      if (row.op === "castUser") r[dst] = castUser(r[src]!);
      // What the kernel adds to an arena's base has 32 bits.
      if (row.op === "castKernel") r[dst] = u32(r[src]!);
      return row.op !== "tailCall";
    default:
      return false;
  }
}

const base = ({ row }: Insn): bigint => (row.mode === "arena" ? pointer(ARENA_BASE) : 0n);

const cut = (value: U64, size: Size): U64 => BigInt.asUintN(8 * size, value) as U64;

function castUser(value: U64): U64 {
  const low = value & 0xffff_ffffn;
  return u64(low === 0n ? 0n : (BigInt(USER_HIGH) << 32n) | low);
}
