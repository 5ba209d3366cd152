// Where a trampoline keeps what it must not lose, in bytes from SP. Programs get the address of the arguments; the number
// of registers lies 8 bytes below them and the function's address, if asked for, 16: programs read them there.
//
//   retaddr   where the call of the trampoline returns to: in the patched function, behind its patch site
//   ...       frame pointer, padding
//   regs      x19, x20 of the caller
//   retval    if there is one
//   args      one word for each register, and for each word on the stack
//   nregs
//   ip        if asked for
//   kept      eight bytes for each session that has some of its own
//   runCtx    what a program runs with; the first word is its cookie
//   passed    arguments on the stack, if the function is called

import type { TrampFlags } from "./links.js";

export interface TrampFrame {
  readonly nregs: number;
  readonly runCtx: number;
  readonly kept: number;
  readonly ip: number;
  readonly nregsAt: number;
  readonly args: number;
  readonly retval: number;
  /** Whether there is a return value to keep. */
  readonly saveRet: boolean;
  readonly regs: number;
  /** Of the whole frame, a multiple of 16. */
  readonly bytes: number;
  readonly retaddr: number;
}

const RUN_CTX_BYTES = 16;
/** x19, x20. */
const REGS_BYTES = 16;

/** @source linux v6.12 arch/arm64/net/bpf_jit_comp.c, prepare_trampoline() */
export function trampFrame(
  nregs: number,
  { ipArg, callOrig, retFentryRet }: TrampFlags,
  { stackWords = 0, keeping = 0 } = {},
): TrampFrame {
  const saveRet = callOrig || retFentryRet;
  const runCtx = callOrig ? 8 * stackWords : 0;
  const kept = runCtx + RUN_CTX_BYTES;
  const ip = kept + 8 * keeping;
  const nregsAt = ip + (ipArg ? 8 : 0);
  const args = nregsAt + 8;
  const retval = args + 8 * nregs;
  const regs = retval + (saveRet ? 8 : 0);
  const bytes = Math.ceil((regs + REGS_BYTES) / 16) * 16;
  return { nregs, runCtx, kept, ip, nregsAt, args, retval, saveRet, regs, bytes, retaddr: bytes + 8 };
}
