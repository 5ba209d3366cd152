// Rows that only a verifier makes, or that need an arena.

import { ALU64, ARENA, JMP, REGISTER_ONLY, SRC_REG, ST } from "./opcode.js";
import type { KernelRow } from "./row.js";

const KERNEL_ONLY = { kind: "kernel", group: "kernel", cpu: 1 } as const;
export const kernelRows: readonly KernelRow[] = [
  {
    ...KERNEL_ONLY,
    id: "tail call",
    op: "tailCall",
    opcode: JMP | 0xf0,
    ...REGISTER_ONLY,
    dst: "none",
    src: "none",
  },
  {
    ...KERNEL_ONLY,
    id: "percpu address",
    op: "percpu",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: -1 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "none",
    since: { linux: "6.10", arm64: "6.10" },
  },
  {
    ...KERNEL_ONLY,
    id: "cast user",
    op: "castUser",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: 1, imm: 0x1_0000 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "select",
    since: ARENA,
  },
  {
    ...KERNEL_ONLY,
    id: "cast kernel",
    op: "castKernel",
    opcode: ALU64 | 0xb0 | SRC_REG,
    select: { off: 1, imm: 1 },
    dst: "w",
    src: "r",
    off: "select",
    imm: "select",
    since: ARENA,
  },
  {
    ...KERNEL_ONLY,
    id: "nospec",
    op: "nospec",
    opcode: ST | 0xc0,
    ...REGISTER_ONLY,
    dst: "none",
    src: "none",
  },
];
