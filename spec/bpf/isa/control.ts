// Rows that go elsewhere: jumps, calls, exits.

import { base, JMP, JMP32, OPERANDS, REGISTER_ONLY, SRC_REG, WIDTHS } from "./opcode.js";
import { CALL, JUMP } from "./operations.js";
import type { CallRow, ExitRow, GotoxRow, JaRow, JumpRow, MayGotoRow } from "./row.js";

export const jaRows: readonly JaRow[] = [
  {
    kind: "ja",
    id: "ja",
    field: "off",
    opcode: JMP,
    group: "base32",
    cpu: 1,
    select: {},
    dst: "none",
    src: "none",
    off: "branch",
    imm: "none",
  },
  {
    kind: "ja",
    id: "gotol",
    field: "imm",
    opcode: JMP32,
    group: "base32",
    cpu: 4,
    select: {},
    dst: "none",
    src: "none",
    off: "none",
    imm: "branch",
  },
];

export const jumpRows: readonly JumpRow[] = JUMP.flatMap((jump) =>
  WIDTHS.flatMap(({ width, jmp, suffix }) =>
    OPERANDS.map(
      (operand): JumpRow => ({
        kind: "jump",
        id: `${jump.op}${suffix} ${operand}`,
        op: jump.op,
        width,
        operand,
        symbol: jump.symbol,
        opcode: jmp | jump.code | (operand === "reg" ? SRC_REG : 0),
        group: base(width),
        cpu: width === 32 ? 3 : jump.cpu,
        select: {},
        dst: "r",
        src: operand === "reg" ? "r" : "none",
        off: "branch",
        imm: operand === "reg" ? "none" : "any",
      }),
    ),
  ),
);

export const callRows: readonly CallRow[] = CALL.map(({ target, src, imm }) => ({
  kind: "call",
  id: `call ${target}`,
  target,
  opcode: JMP | 0x80,
  group: "base32",
  cpu: 1,
  select: { src },
  dst: "none",
  src: "select",
  off: "none",
  imm,
}));

export const exitRow: ExitRow = {
  ...REGISTER_ONLY,
  kind: "exit",
  id: "exit",
  opcode: JMP | 0x90,
  group: "base32",
  cpu: 1,
  dst: "none",
  src: "none",
};

export const mayGotoRow: MayGotoRow = {
  kind: "mayGoto",
  id: "may_goto",
  opcode: JMP | 0xe0,
  group: "linux",
  cpu: 4,
  select: { src: 0 },
  dst: "none",
  src: "select",
  off: "branch",
  imm: "none",
  since: { linux: "6.9", arm64: "6.9" },
};

export const gotoxRow: GotoxRow = {
  ...REGISTER_ONLY,
  kind: "gotox",
  id: "gotox",
  opcode: JMP | SRC_REG,
  group: "linux",
  cpu: 4,
  dst: "r",
  src: "none",
  since: { linux: "6.19", arm64: "6.19" },
};
