// Maps as a JIT that knows of none gets them: the address of the map, or of its values, as a constant of 64 bits.

import { pointer } from "../../machine/address.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import type { Layout } from "../../spec/bpf/program.js";

const LDDW = rowById("lddw imm64");
const HIGH = rowById("lddw high");

/** The same code with the addresses of maps as constants. */
export function withAddresses(code: readonly Insn[], maps: Layout["maps"]): readonly Insn[] {
  if (maps.length === 0) return code;
  return code.map((one, pc) => {
    const first = one.row.kind === "lddwHigh" ? code[pc - 1]! : one;
    if (first.row.kind !== "lddw" || first.row.source === "imm64") return one;
    const isValue = first.row.source === "mapFdValue" || first.row.source === "mapIndexValue";
    const { object, values } = maps[first.imm]!;
    const offset = one === first ? code[pc + 1]!.imm : one.imm;
    const address = pointer(isValue ? values.base + offset : object.base);
    return one === first
      ? insn(LDDW, { dst: one.dst, imm: Number(BigInt.asIntN(32, address)) })
      : insn(HIGH, { imm: Number(BigInt.asIntN(32, address >> 32n)) });
  });
}
