// What opcodes are put together of: RFC 9669 sections 3 and 4.

import type { Group, Since, Width } from "./row.js";

export const LD = 0x00;
export const LDX = 0x01;
export const ST = 0x02;
export const STX = 0x03;
export const ALU32 = 0x04;
export const JMP = 0x05;
export const JMP32 = 0x06;
export const ALU64 = 0x07;
export const SRC_REG = 0x08;
export const SIZES = [
  { size: 4, code: 0x00, name: "w" },
  { size: 2, code: 0x08, name: "h" },
  { size: 1, code: 0x10, name: "b" },
  { size: 8, code: 0x18, name: "dw" },
] as const;
export const WIDTHS = [
  { width: 64, alu: ALU64, jmp: JMP, suffix: "" },
  { width: 32, alu: ALU32, jmp: JMP32, suffix: "32" },
] as const;
export const OPERANDS = ["imm", "reg"] as const;
export const REGISTER_ONLY = { off: "none", imm: "none", select: {} } as const;

export const base = (width: Width): Group => (width === 64 ? "base64" : "base32");

/** Arenas came with Linux 6.9. */
export const ARENA: Since = { linux: "6.9", arm64: "6.10" };
