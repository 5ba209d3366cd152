// Disassembly of loads, stores, exclusives and atomics.

import type { Insn } from "./insn.js";
import { type AccessBytes, type Reg, type Width, ZR } from "./registers.js";
import { line, number, regName } from "./text-parts.js";

const at = (base: Reg, ...more: readonly string[]): string => `[${[regName(base, 64), ...more].join(", ")}]`;
/** An offset of zero is not written. */
const atOffset = (base: Reg, offset: number): string => (offset === 0 ? at(base) : at(base, number(offset)));

/** What follows a name where the register's name does not say the size. */
const size = (bytes: AccessBytes): string => (bytes === 1 ? "b" : bytes === 2 ? "h" : "");

interface Access {
  readonly op: "load" | "store" | "prefetch";
  readonly bytes: AccessBytes;
  readonly signed: boolean;
  readonly width: Width;
  readonly rt: Reg;
}

/** @param kind comes before the size: `r`, `ur`, `tr`, `apur` */
function mnemonic({ op, bytes, signed }: Access, kind: string): string {
  if (op === "prefetch") return kind === "ur" ? "prfum" : "prfm";
  const suffix = signed ? `s${bytes === 4 ? "w" : size(bytes)}` : size(bytes);
  return `${op === "load" ? "ld" : "st"}${kind}${suffix}`;
}

const TARGETS = ["l1", "l2", "l3", undefined] as const;
const PREFETCHES = ["pld", "pli", "pst", undefined] as const;

/** The register, or which prefetch it is: for what, to which cache, and whether it is to be kept there. */
function target({ op, rt, width }: Access): string {
  if (op !== "prefetch") return regName(rt, width);
  const [what, where] = [PREFETCHES[rt >> 3], TARGETS[(rt >> 1) & 3]];
  return what === undefined || where === undefined ? number(rt) : `${what}${where}${rt & 1 ? "strm" : "keep"}`;
}

const KINDS = { scaled: "r", unscaled: "ur", unprivileged: "tr", pre: "r", post: "r" } as const;

/** Where a base with an offset is, written back or not. */
function place(mode: "pre" | "post" | "offset", rn: Reg, offset: number): readonly string[] {
  if (mode === "post") return [at(rn), number(offset)];
  return [mode === "pre" ? `${at(rn, number(offset))}!` : atOffset(rn, offset)];
}

export function accessImmediate(insn: Insn<"accessImmediate">): string {
  const { mode, rn, offset } = insn;
  const indexing = mode === "pre" || mode === "post" ? mode : "offset";
  return line(mnemonic(insn, KINDS[mode]), target(insn), ...place(indexing, rn, offset));
}

export function accessRegister(insn: Insn<"accessRegister">): string {
  const { extend, scaled, bytes, rm, rn } = insn;
  const index = regName(rm, extend === "lsl" || extend === "sxtx" ? 64 : 32);
  const start = [mnemonic(insn, "r"), target(insn)] as const;
  if (scaled) return line(...start, at(rn, index, `${extend} ${number(Math.log2(bytes))}`));
  return line(...start, extend === "lsl" ? at(rn, index) : at(rn, index, extend));
}

/** @param label the address as text */
export const loadLiteral = (insn: Insn<"loadLiteral">, label: string): string =>
  line(mnemonic(insn, "r"), target(insn), label);

const ORDERED = {
  sequential: { load: "ar", store: "lr" },
  limited: { load: "lar", store: "llr" },
  releaseConsistent: { load: "apr", store: "lr" },
  releaseConsistentUnscaled: { load: "apur", store: "lur" },
} as const;

export const accessOrdered = (insn: Insn<"accessOrdered">): string =>
  line(mnemonic(insn, ORDERED[insn.order][insn.op]), target(insn), atOffset(insn.rn, insn.offset));

export function accessPair({ op, mode, signed, width, rt, rt2, rn, offset }: Insn<"accessPair">): string {
  const name = `${op === "load" ? "ld" : "st"}${mode === "nonTemporal" ? "np" : "p"}${signed ? "sw" : ""}`;
  const indexing = mode === "nonTemporal" ? "offset" : mode;
  return line(name, regName(rt, width), regName(rt2, width), ...place(indexing, rn, offset));
}

export const loadExclusive = ({ acquire, bytes, width, rt, rn }: Insn<"loadExclusive">): string =>
  line(`${acquire ? "ldaxr" : "ldxr"}${size(bytes)}`, regName(rt, width), at(rn));

export const storeExclusive = ({ release, bytes, width, rs, rt, rn }: Insn<"storeExclusive">): string =>
  line(`${release ? "stlxr" : "stxr"}${size(bytes)}`, regName(rs, 32), regName(rt, width), at(rn));

export const loadExclusivePair = ({ acquire, width, rt, rt2, rn }: Insn<"loadExclusivePair">): string =>
  line(acquire ? "ldaxp" : "ldxp", regName(rt, width), regName(rt2, width), at(rn));

export const storeExclusivePair = ({ release, width, rs, rt, rt2, rn }: Insn<"storeExclusivePair">): string =>
  line(release ? "stlxp" : "stxp", regName(rs, 32), regName(rt, width), regName(rt2, width), at(rn));

const order = (acquire: boolean, release: boolean): string => `${acquire ? "a" : ""}${release ? "l" : ""}`;

/** An operation whose old value is discarded is written as a store, unless it acquires. */
export function atomicMemory({ op, acquire, release, bytes, width, rs, rt, rn }: Insn<"atomicMemory">): string {
  const source = regName(rs, width);
  const suffix = `${order(acquire, release)}${size(bytes)}`;
  if (op === "swp") return line(`swp${suffix}`, source, regName(rt, width), at(rn));
  if (rt === ZR && !acquire) return line(`st${op}${suffix}`, source, at(rn));
  return line(`ld${op}${suffix}`, source, regName(rt, width), at(rn));
}

export const compareAndSwap = (insn: Insn<"compareAndSwap">): string =>
  line(
    `cas${order(insn.acquire, insn.release)}${size(insn.bytes)}`,
    regName(insn.rs, insn.width),
    regName(insn.rt, insn.width),
    at(insn.rn),
  );

const next = (reg: Reg): Reg => reg + 1;

export const compareAndSwapPair = ({ acquire, release, width, rs, rt, rn }: Insn<"compareAndSwapPair">): string =>
  line(`casp${order(acquire, release)}`, ...[rs, next(rs), rt, next(rt)].map((reg) => regName(reg, width)), at(rn));
