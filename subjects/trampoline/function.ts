// A traced function made by hand: the entry of a program with its patch site, a body that leaves its eight argument
// registers in memory and calls out, and the jump for long ways behind it. Words come from our encoders, which have their
// own witnesses.

import { mov } from "../../impl/a64/add-sub.js";
import { blr, br, ret } from "../../impl/a64/branch.js";
import { ldrLiteral, pop, push, strImm } from "../../impl/a64/load-store.js";
import { FP, LR, reg, SP, X } from "../../impl/a64/registers.js";
import { BTI_JC, NOP } from "../../impl/a64/system.js";
import type { Encoded } from "../../impl/a64/word.js";
import { lower, movAddress, upper } from "../../impl/jit/constant.js";
import { halves } from "../../machine/address.js";
import { ORIGINAL, SEEN } from "./layout.js";

export interface HandmadeFunction {
  readonly bytes: Uint8Array;
  /** Without the literal. */
  readonly codeBytes: number;
}

export function handmade(bti: boolean, dummyTramp: number): HandmadeFunction {
  const words: number[] = [];
  const sink = { emit: (encoded: Encoded): void => void words.push(encoded) };
  const put = (...all: readonly Encoded[]): void => all.forEach(sink.emit);
  if (bti) put(BTI_JC);
  put(mov(1, reg(9), LR), NOP);
  put(push(FP, LR), mov(1, FP, SP));
  movAddress(sink, reg(10), upper(SEEN.base), lower(SEEN.base));
  put(...X.slice(0, 8).map((x, i) => strImm(3, x, reg(10), 8 * i)));
  movAddress(sink, reg(10), upper(ORIGINAL), lower(ORIGINAL));
  put(blr(reg(10)), pop(FP, LR), ret(LR));
  if (words.length % 2 !== 0) put(NOP);
  put(ldrLiteral(1, reg(10), 8), br(reg(10)));
  const codeBytes = words.length * 4;
  const literal = halves(dummyTramp);
  return { bytes: new Uint8Array(Uint32Array.of(...words, literal.low, literal.high).buffer), codeBytes };
}

/** What a patch site leads to when nobody is attached: back behind it, with the caller's return address. */
export const dummyTramp = (): Uint8Array =>
  new Uint8Array(Uint32Array.of(mov(1, reg(10), LR), mov(1, LR, reg(9)), ret(reg(10))).buffer);
