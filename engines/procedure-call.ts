// The procedure call standard (AAPCS64) as the caller of the code sees it: what registers hold at entry, what a call may
// destroy, and what must be as it was on return. Every engine is the same caller, so that their runs compare.

import type { Va } from "../machine/address.js";
import { hex64 } from "../spec/bits.js";

/** LR at entry. Nothing is mapped there: reaching it is the return. */
export const RETURN_ADDRESS: Va = 0xffff_ffff_f000;

/** The frame pointer. */
export const FP = 29;

const FIRST_SAVED = 19;
const LAST_SAVED = FP;
const LAST_CLOBBERED = 18;
/** N, Z and C of a four-bit NZCV. */
const FLIPPED_FLAGS = 0b1110;

const CANARY = 0xca11_ee5a_fe00_0000n;
const POISON = 0xbad0_ca11_0000_0000n;

/** Index: register. What x19..x29 hold at entry; reading it back from elsewhere names the register. */
const CANARIES = BigUint64Array.from({ length: 31 }, (_, reg) => CANARY | BigInt(reg));
const POISONS = BigUint64Array.from({ length: 31 }, (_, reg) => POISON | BigInt(reg));

const isSaved = (reg: number): boolean => reg >= FIRST_SAVED && reg <= LAST_SAVED;
const ENTRY = BigUint64Array.from({ length: 31 }, (_, reg) => (isSaved(reg) ? CANARIES : POISONS)[reg]!);

/** Fill x0..x30 (LR aside, which is the caller's to set): arguments, then poison, then canaries. */
export function enter(x: BigUint64Array, args: readonly bigint[]): void {
  x.set(ENTRY);
  for (let i = 0; i < args.length; i++) x[i] = args[i]!;
}

/** What a called function may leave behind in x1..x18 and LR, which no code may rely on. x0 is the result. */
export function clobber(x: BigUint64Array): void {
  for (let reg = 1; reg <= LAST_CLOBBERED; reg++) x[reg] = POISONS[reg]!;
  x[30] = POISONS[30]!;
}

/** The flags after a call: turned over, so that most conditions come out the other way. */
export const clobberFlags = (nzcv: number): number => nzcv ^ FLIPPED_FLAGS;

/** On return: undefined if x19..x29 and SP are as at entry, else the rule that was broken. */
export function violation(x: BigUint64Array, sp: bigint, entrySp: bigint): string | undefined {
  if (sp !== entrySp) return `AAPCS64: sp must be restored on return: expected ${hex64(entrySp)}, got ${hex64(sp)}`;
  for (let reg = FIRST_SAVED; reg <= LAST_SAVED; reg++) {
    if (x[reg] !== CANARIES[reg]) {
      return `AAPCS64: x${reg} must be preserved: expected ${hex64(CANARIES[reg]!)}, got ${hex64(x[reg]!)}`;
    }
  }
  return undefined;
}
