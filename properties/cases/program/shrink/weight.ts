// Which of two cases is the simpler one: a total order, so that shrinking must end. What counts most comes first.

import type { Insn } from "../../../../spec/bpf/insn.js";
import type { Row } from "../../../../spec/bpf/isa.js";
import type { Case } from "../../../../subjects/case.js";
import type { Weight } from "../../shrink.js";

export function weigh({ program, inputs, env }: Case): Weight {
  let slots = 0;
  let ranks = 0;
  let constants = 0;
  let registers = 0;
  for (const code of program.code) {
    slots += code.length;
    for (const slot of code) {
      ranks += rank(slot.row);
      constants += constantOf(slot);
      registers += slot.dst + (slot.row.src === "select" ? 0 : slot.src);
    }
  }
  let bytes = 0;
  let contents = 0;
  for (const input of inputs) {
    bytes += input.length;
    for (const byte of input) contents += byte;
  }
  const mapBytes = program.maps.reduce((sum, map) => sum + map.entries * (map.kind === "progArray" ? 1 : 2), 0);
  return [
    slots,
    program.code.length,
    inputs.length,
    program.maps.length,
    ranks,
    program.context === "memory" ? 0 : 1,
    program.fields?.size ?? 0,
    program.privateStack === true ? 1 : 0,
    constants,
    registers,
    mapBytes,
    bytes,
    contents,
    env.cpu === "lse" ? 0 : 1,
    env.hole,
    env.blind === true ? 1 : 0,
    env.guard === true ? 1 : 0,
    env.skip ?? 0,
  ];
}

/** How much there is to understand about an instruction. */
function rank(row: Row): number {
  switch (row.kind) {
    case "exit":
    case "lddwHigh":
      return 0;
    case "alu":
      return (row.op !== "mov" ? 4 : row.width === 64 ? 1 : 2) + (row.operand === "reg" ? 1 : 0);
    case "ja":
      return row.field === "off" ? 2 : 3;
    case "neg":
    case "movsx":
    case "end":
    case "lddw":
      return 3;
    case "jump":
      return row.operand === "reg" ? 6 : 5;
    case "storeImm":
      return 5;
    case "load":
    case "store":
      return 6;
    case "loadAcquire":
    case "storeRelease":
    case "legacyLoad":
      return 7;
    case "atomic":
      return row.fetch ? 8 : 7;
    case "call":
      return 9;
    case "mayGoto":
    case "gotox":
    case "stackArgument":
    case "kernel":
      return 10;
    default:
      return row satisfies never;
  }
}

/** Constants that were chosen, not those that say which instruction it is or where a jump goes. */
function constantOf({ row, off, imm }: Insn): number {
  const chosen = row.imm !== "none" && row.imm !== "select" && row.imm !== "branch" && row.imm !== "func";
  return (row.off === "mem" ? complexity(off) : 0) + (chosen ? complexity(imm) : 0);
}

/** 0 and 1 are the simplest, then numbers of few digits and few ones. */
export function complexity(x: number): number {
  if (x === 0 || x === 1) return x;
  const magnitude = Math.abs(x);
  let ones = 0;
  for (let rest = magnitude; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return 2 + 2 * Math.floor(Math.log2(magnitude)) + ones + (x < 0 ? 1 : 0);
}
