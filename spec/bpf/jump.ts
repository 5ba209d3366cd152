// When the conditional jumps are taken: RFC 9669 section 4.3, one line an operation. `jmp32` compares the low halves.

import { s32, s64, type U64, u32 } from "../bits.js";
import type { JumpOp, Width } from "./isa.js";

/** Whether the jump is taken. */
type Condition = (dst: U64, src: U64) => boolean;

const JUMP64: Record<JumpOp, Condition> = {
  jeq: (dst, src) => dst === src,
  jgt: (dst, src) => dst > src,
  jge: (dst, src) => dst >= src,
  jset: (dst, src) => (dst & src) !== 0n,
  jne: (dst, src) => dst !== src,
  jsgt: (dst, src) => s64(dst) > s64(src),
  jsge: (dst, src) => s64(dst) >= s64(src),
  jlt: (dst, src) => dst < src,
  jle: (dst, src) => dst <= src,
  jslt: (dst, src) => s64(dst) < s64(src),
  jsle: (dst, src) => s64(dst) <= s64(src),
};

const JUMP32: Record<JumpOp, Condition> = {
  jeq: (dst, src) => u32(dst) === u32(src),
  jgt: (dst, src) => u32(dst) > u32(src),
  jge: (dst, src) => u32(dst) >= u32(src),
  jset: (dst, src) => u32(dst & src) !== 0n,
  jne: (dst, src) => u32(dst) !== u32(src),
  jsgt: (dst, src) => s32(dst) > s32(src),
  jsge: (dst, src) => s32(dst) >= s32(src),
  jlt: (dst, src) => u32(dst) < u32(src),
  jle: (dst, src) => u32(dst) <= u32(src),
  jslt: (dst, src) => s32(dst) < s32(src),
  jsle: (dst, src) => s32(dst) <= s32(src),
};

export const JUMP: Record<Width, Record<JumpOp, Condition>> = { 64: JUMP64, 32: JUMP32 };
