// Our own disassembly, word for word what Capstone 5 writes: lower case, the preferred alias, numbers up to nine in
// decimal and above in hexadecimal, branch targets absolute. It makes Capstone a witness of the decoder, and is the text
// of fault reports.

import { u64 } from "../bits.js";
import { pointer } from "./address.js";
import { CONDITIONS } from "./condition.js";
import { HINT_NAMES } from "./hints.js";
import type { A64Insn, Barrier } from "./insn.js";
import * as data from "./text-data.js";
import * as access from "./text-memory.js";
import { line, number, regName } from "./text-parts.js";

const LR = 30;

/** The instruction's text at code address `pc` (low 48 bits), which matters only to those that are relative to it. */
export function text(insn: A64Insn, pc: number): string {
  const relative = (offset: number): string => number(u64(pointer(pc) + BigInt(offset)));
  switch (insn.kind) {
    case "addSubImmediate":
      return data.addSubImmediate(insn);
    case "addSubShifted":
      return data.addSubShifted(insn);
    case "logicalImmediate":
      return data.logicalImmediate(insn);
    case "logicalShifted":
      return data.logicalShifted(insn);
    case "moveWide":
      return data.moveWide(insn);
    case "bitfield":
      return data.bitfield(insn);
    case "twoSource":
      return data.twoSource(insn);
    case "threeSource":
      return data.threeSource(insn);
    case "reverse":
      return data.reverse(insn);
    case "address":
      return line("adr", regName(insn.rd, 64), relative(insn.offset));
    case "accessImmediate":
      return access.accessImmediate(insn);
    case "accessRegister":
      return access.accessRegister(insn);
    case "loadLiteral":
      return line("ldr", regName(insn.rt, insn.width), relative(insn.offset));
    case "accessPair":
      return access.accessPair(insn);
    case "loadExclusive":
      return access.loadExclusive(insn);
    case "storeExclusive":
      return access.storeExclusive(insn);
    case "atomicMemory":
      return access.atomicMemory(insn);
    case "compareAndSwap":
      return access.compareAndSwap(insn);
    case "branch":
      return line(insn.link ? "bl" : "b", relative(insn.offset));
    case "branchConditional":
      return line(`b.${CONDITIONS[insn.condition]}`, relative(insn.offset));
    case "compareAndBranch":
      return line(insn.nonzero ? "cbnz" : "cbz", regName(insn.rt, insn.width), relative(insn.offset));
    case "branchRegister":
      return insn.op === "ret" && insn.rn === LR ? "ret" : line(insn.op, regName(insn.rn, 64));
    case "hint":
      return HINT_NAMES[insn.imm7] ?? line("hint", number(insn.imm7));
    case "barrier":
      return barrier(insn);
    case "readSystem":
      return line("mrs", regName(insn.rt, 64), insn.register);
    case "exception":
      return line(insn.op, number(insn.imm16));
  }
}

const BARRIER_DOMAINS = ["osh", "nsh", "ish", undefined] as const;
const BARRIER_TYPES = [undefined, "ld", "st", ""] as const;
const DSB_ALIASES: Readonly<Record<number, string>> = { 0: "ssbb", 4: "pssbb", 12: "dfb" };

function barrier({ op, option }: Barrier): string {
  if (op === "isb") return option === 15 ? "isb" : line("isb", number(option));
  const alias = op === "dsb" ? DSB_ALIASES[option] : undefined;
  if (alias !== undefined) return alias;
  const type = BARRIER_TYPES[option & 3];
  if (type === undefined) return line(op, number(option));
  // The full-system domain goes without a name, except that "all accesses" is SY.
  return line(op, `${BARRIER_DOMAINS[option >> 2] ?? ""}${type}` || "sy");
}
