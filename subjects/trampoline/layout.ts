// Where everything of a traced call lies on the machine, and the kernel code made by hand that lies there: the function that
// is traced, and what its patch site leads to while nothing is attached. Words come from our encoders, which have their own
// witnesses.

import { mov } from "../../impl/a64/add-sub.js";
import { blr, br, ret } from "../../impl/a64/branch.js";
import { ldrImm, ldrLiteral, pop, push, strImm } from "../../impl/a64/load-store.js";
import { FP, LR, reg, SP, X } from "../../impl/a64/registers.js";
import { BTI_J, BTI_JC, NOP } from "../../impl/a64/system.js";
import type { Encoded } from "../../impl/a64/word.js";
import { lower, movAddress, upper } from "../../impl/jit/constant.js";
import { halves, type RoAddr, type Va } from "../../machine/address.js";
import type { Range } from "../../spec/bpf/program.js";
import { DUMMY_TRAMPOLINE, PAGE_BYTES } from "../run/layout.js";

/** Records of what ran, written by the programs: the number of bytes so far, then 64-bit words. */
export const JOURNAL: Range = { base: 0x0000_0500_0000, bytes: 4 * PAGE_BYTES };
/** Where the function leaves its eight argument registers, and behind them its arguments on the stack. */
export const SEEN: Range = { base: 0x0000_0510_0000, bytes: PAGE_BYTES };
/** Nothing is mapped there: addresses of program objects, a page each. */
export const PROG_OBJECTS: Va = 0x8000_4000_0000;
/** What the function calls, and what stands for programs that are not compiled. */
export const ORIGINAL: Va = 0x8000_8030_0000;
export const INTERPRETERS: Va = 0x8000_8030_1000;
/** The kernel functions around programs: within reach of a branch from the packs, or not. */
export const NEAR_TEXT: Va = 0x8000_8020_0000;
export const FAR_TEXT: Va = 0x8000_6000_0000;
/** A function that no branch reaches from the packs. */
export const FAR_FUNCTION = 0x8000_c000_0000 as RoAddr;
/** Between any two entries of the above. */
export const STRIDE = 64;

interface HandmadeFunction {
  readonly bytes: Uint8Array;
  /** Without the literal. */
  readonly codeBytes: number;
}

/**
 * The entry of a program with its patch site, a body that leaves its eight argument registers in memory and calls out, and
 * the jump for long ways behind it.
 *
 * @param stackWords arguments on the stack
 * @param place where it will lie, a multiple of 4: the literal behind it lies on a multiple of 8
 */
export function handmade(
  { bti, stackWords }: { readonly bti: boolean; readonly stackWords: number },
  dummyTramp = DUMMY_TRAMPOLINE,
  place: Va = 0,
): HandmadeFunction {
  const words: number[] = [];
  const sink = { emit: (encoded: Encoded): void => void words.push(encoded) };
  const put = (...all: readonly Encoded[]): void => all.forEach(sink.emit);
  if (bti) put(BTI_JC);
  put(mov(1, reg(9), LR), NOP);
  put(push(FP, LR), mov(1, FP, SP));
  movAddress(sink, reg(10), upper(SEEN.base), lower(SEEN.base));
  put(...X.slice(0, 8).map((x, i) => strImm(3, x, reg(10), 8 * i)));
  for (let k = 0; k < stackWords; k++) put(ldrImm(3, reg(11), FP, 16 + 8 * k), strImm(3, reg(11), reg(10), 64 + 8 * k));
  movAddress(sink, reg(10), upper(ORIGINAL), lower(ORIGINAL));
  put(blr(reg(10)), pop(FP, LR), ret(LR));
  if ((place / 4 + words.length) % 2 !== 0) put(NOP);
  put(ldrLiteral(1, reg(10), 8), br(reg(10)));
  const codeBytes = words.length * 4;
  const literal = halves(dummyTramp);
  return { bytes: new Uint8Array(Uint32Array.of(...words, literal.low, literal.high).buffer), codeBytes };
}

/** What a patch site leads to when nothing is attached: back behind it, with the caller's return address. */
export const dummyTramp = (bti: boolean): Uint8Array =>
  new Uint8Array(Uint32Array.of(bti ? BTI_J : NOP, mov(1, reg(10), LR), mov(1, LR, reg(9)), ret(reg(10))).buffer);
