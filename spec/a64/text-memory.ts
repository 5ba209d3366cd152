// Disassembly of loads, stores, exclusives and atomics.

import {
  type AccessBytes,
  type AccessImmediate,
  type AccessPair,
  type AccessRegister,
  type AtomicMemory,
  type CompareAndSwap,
  type LoadExclusive,
  type Reg,
  type StoreExclusive,
  ZR,
} from "./insn.js";
import { line, number, regName } from "./text-parts.js";

const at = (base: Reg, ...more: readonly string[]): string => `[${[regName(base, 64), ...more].join(", ")}]`;

/** What follows LDR and STR: the sign, and the size where the register's name does not say it. */
function sizeSuffix(bytes: AccessBytes, signed: boolean): string {
  const size = bytes === 1 ? "b" : bytes === 2 ? "h" : signed ? "w" : "";
  return `${signed ? "s" : ""}${size}`;
}
const mnemonic = ({ op, bytes, signed }: AccessImmediate | AccessRegister): string =>
  `${op === "load" ? "ldr" : "str"}${sizeSuffix(bytes, signed)}`;

export const accessImmediate = (insn: AccessImmediate): string =>
  line(
    mnemonic(insn),
    regName(insn.rt, insn.width),
    insn.offset === 0 ? at(insn.rn) : at(insn.rn, number(insn.offset)),
  );

export function accessRegister(insn: AccessRegister): string {
  const { extend, scaled, bytes, rm, rn } = insn;
  const index = regName(rm, extend === "lsl" || extend === "sxtx" ? 64 : 32);
  const target = regName(insn.rt, insn.width);
  if (scaled) return line(mnemonic(insn), target, at(rn, index, `${extend} ${number(Math.log2(bytes))}`));
  return line(mnemonic(insn), target, extend === "lsl" ? at(rn, index) : at(rn, index, extend));
}

export function accessPair({ op, mode, rt, rt2, rn, offset }: AccessPair): string {
  const start = [op === "load" ? "ldp" : "stp", regName(rt, 64), regName(rt2, 64)] as const;
  switch (mode) {
    case "offset":
      return line(...start, offset === 0 ? at(rn) : at(rn, number(offset)));
    case "pre":
      return line(...start, `${at(rn, number(offset))}!`);
    case "post":
      return line(...start, at(rn), number(offset));
  }
}

export const loadExclusive = ({ acquire, width, rt, rn }: LoadExclusive): string =>
  line(acquire ? "ldaxr" : "ldxr", regName(rt, width), at(rn));

export const storeExclusive = ({ release, width, rs, rt, rn }: StoreExclusive): string =>
  line(release ? "stlxr" : "stxr", regName(rs, 32), regName(rt, width), at(rn));

const order = (acquire: boolean, release: boolean): string => `${acquire ? "a" : ""}${release ? "l" : ""}`;

/** An operation whose old value is discarded is written as a store, unless it acquires. */
export function atomicMemory({ op, acquire, release, width, rs, rt, rn }: AtomicMemory): string {
  const source = regName(rs, width);
  if (op === "swp") return line(`swp${order(acquire, release)}`, source, regName(rt, width), at(rn));
  if (rt === ZR && !acquire) return line(`st${op}${order(acquire, release)}`, source, at(rn));
  return line(`ld${op}${order(acquire, release)}`, source, regName(rt, width), at(rn));
}

export const compareAndSwap = ({ acquire, release, width, rs, rt, rn }: CompareAndSwap): string =>
  line(`cas${order(acquire, release)}`, regName(rs, width), regName(rt, width), at(rn));
