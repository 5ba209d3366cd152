// What kind of operands an instruction has, as a short word: the places where the JIT may take another way. Constants are
// told apart where A64 encodes them otherwise, offsets by size and alignment, jumps by direction and length.

import { FP, type Insn } from "../../spec/bpf/insn.js";

/** One word without spaces. */
export function operandsOf(insn: Insn): string {
  const { row, dst, src, off, imm } = insn;
  switch (row.kind) {
    case "alu":
      if (row.operand === "imm") return row.imm === "shift" ? `${shiftOf(imm)}` : constantOf(imm);
      return dst === src ? "same" : src === FP ? "fp" : "other";
    case "jump":
      return `${row.operand === "imm" ? constantOf(imm) : dst === src ? "same" : "other"}/${distanceOf(off)}`;
    case "ja":
      return distanceOf(row.field === "off" ? off : imm);
    case "load":
    case "loadAcquire":
      return `${src === FP ? "fp" : dst === src ? "same" : "r"}/${offsetOf(off, row.size)}`;
    case "store":
    case "storeRelease":
      return `${dst === FP ? "fp" : dst === src ? "same" : "r"}/${offsetOf(off, row.size)}`;
    case "storeImm":
      return `${dst === FP ? "fp" : "r"}/${offsetOf(off, row.size)}/${constantOf(imm)}`;
    case "atomic":
      return `${dst === FP ? "fp" : dst === src ? "same" : src === 0 || dst === 0 ? "r0" : "r"}/${offsetOf(off, row.size)}`;
    case "stackArgument":
      return `${off}${row.op === "storeImm" ? `/${constantOf(imm)}` : ""}`;
    case "movsx":
      return dst === src ? "same" : "other";
    case "call":
      return row.target === "local" ? distanceOf(imm) : "call";
    case "lddw":
      return constantOf(imm);
    case "legacyLoad":
      return constantOf(imm);
    case "neg":
    case "end":
    case "exit":
    case "lddwHigh":
    case "mayGoto":
    case "gotox":
    case "kernel":
      return "-";
    default:
      return row satisfies never;
  }
}

function constantOf(imm: number): string {
  if (imm === 0 || imm === 1 || imm === -1) return `${imm}`;
  const sign = imm < 0 ? "-" : "+";
  const size = Math.abs(imm);
  if (size < 0x1000) return `${sign}u12`;
  if (size < 0x100_0000 && size % 0x1000 === 0) return `${sign}u12<<12`;
  if (size < 0x1_0000) return `${sign}u16`;
  if (size % 0x1_0000 === 0) return `${sign}u16<<16`;
  return `${sign}any`;
}

const shiftOf = (imm: number): string => (imm === 0 ? "0" : imm < 32 ? "<32" : imm === 32 ? "32" : ">32");

function offsetOf(off: number, size: number): string {
  if (off === 0) return "0";
  const aligned = off % size === 0 ? "" : "~";
  if (off < 0) return off >= -256 ? `-s9${aligned}` : `-far${aligned}`;
  if (off < 256) return `+s9${aligned}`;
  return off < 4096 * size ? `+u12${aligned}` : `+far${aligned}`;
}

function distanceOf(slots: number): string {
  const far = Math.abs(slots);
  const size = far <= 1 ? `${far}` : far < 32 ? "near" : far < 1024 ? "mid" : far < 8192 ? "far" : "huge";
  return slots < 0 ? `-${size}` : size;
}
