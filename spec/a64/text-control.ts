// Disassembly of branches and system instructions.

import { HINT_NAMES } from "./hints.js";
import type { Insn } from "./insn.js";
import { LR } from "./registers.js";
import { line, number, regName } from "./text-parts.js";

export const branchRegister = ({ op, rn }: Insn<"branchRegister">): string =>
  op === "ret" && rn === LR ? "ret" : line(op, regName(rn, 64));

export function branchAuthenticated({ op, key, rn, rm }: Insn<"branchAuthenticated">): string {
  if (op === "ret") return `reta${key}`;
  return rm === undefined
    ? line(`${op}a${key}z`, regName(rn, 64))
    : line(`${op}a${key}`, regName(rn, 64), regName(rm, 64));
}

export const exception = ({ op, imm16 }: Insn<"exception">): string => line(op, number(imm16));

export const hint = ({ imm7 }: Insn<"hint">): string => HINT_NAMES[imm7] ?? line("hint", number(imm7));

const BARRIER_DOMAINS = ["osh", "nsh", "ish", undefined] as const;
const BARRIER_TYPES = [undefined, "ld", "st", ""] as const;
const DSB_ALIASES: Readonly<Record<number, string>> = { 0: "ssbb", 4: "pssbb", 12: "dfb" };

export function barrier({ op, option }: Insn<"barrier">): string {
  if (op === "sb") return op;
  if (op === "isb" || op === "clrex") return option === 15 ? op : line(op, number(option));
  const alias = op === "dsb" ? DSB_ALIASES[option] : undefined;
  if (alias !== undefined) return alias;
  const type = BARRIER_TYPES[option & 3];
  if (type === undefined) return line(op, number(option));
  // The full-system domain goes without a name, except that "all accesses" is SY.
  return line(op, `${BARRIER_DOMAINS[option >> 2] ?? ""}${type}` || "sy");
}

export const writeState = ({ field, number: value }: Insn<"writeState">): string => line("msr", field, number(value));

/** What takes no register has 31 in its place. */
export const maintenance = ({ name, rt, effect }: Insn<"maintenance">): string =>
  effect === "all" || effect === "invalidateAll" ? name : `${name}, ${regName(rt, 64)}`;

export const readSystem = ({ register, rt }: Insn<"readSystem">): string => line("mrs", regName(rt, 64), register);
export const writeSystem = ({ register, rt }: Insn<"writeSystem">): string => line("msr", register, regName(rt, 64));
