// What a single A64 word starts from: the memory, all registers, and flags. Registers hold edge values, random ones, and
// pointers to where the rules change: the ends of pages, of the stack, of what may be written. The base of an access mostly
// points so that the access goes there.

import fc from "fast-check";
import { decode } from "../../spec/a64/decode.js";
import type { A64Insn } from "../../spec/a64/insn.js";
import { type Reg, SP, ZR } from "../../spec/a64/registers.js";
import { Draw } from "../../subjects/random/draw.js";
import type { WordClass } from "./word-classes.js";

export const CODE = 0x8000_8300_0000;
/** The word's address: it has neighbours on the page in both directions. */
export const WORD_AT = CODE + 0x800;
export const STACK = 0x4000_0000;
export const STACK_TOP = STACK + 0x800;
/** Two pages that may be written, one that may only be read, then none. */
export const DATA = 0x5000_0000;
/** What the registers are loaded from. */
export const REGISTERS = 0x6000_0000;
export const PAGE = 4096;

/** Where rules change: ends of pages and of the stack. */
const SPOTS = [DATA, DATA + 64, DATA + PAGE, DATA + 2 * PAGE, DATA + 3 * PAGE, STACK, STACK_TOP, STACK + PAGE, CODE];

export interface InitialState {
  readonly word: number;
  /** X0..X30. */
  readonly x: readonly bigint[];
  readonly sp: bigint;
  /** An instruction that sets flags from these two operands runs before. */
  readonly flagWord: number;
  readonly flagOperands: readonly [bigint, bigint];
  /** A load-exclusive of the same block runs before, so that a store-exclusive may succeed. */
  readonly reserve: boolean;
}

const TOP_16 = 0xffff_0000_0000_0000n;
const EDGES = [0n, 1n, 2n, 63n, 64n, 0x7fff_ffffn, 0x8000_0000n, 0xffff_ffffn, 0x1_0000_0000n];
const HIGH_EDGES = [0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn, 0xffff_ffff_8000_0000n];
/** adds, subs, ands, adds, subs, ands of x1 and x2; the second three 32 bits wide. */
export const FLAG_WORDS = [0xab02_003f, 0xeb02_003f, 0xea02_003f, 0x2b02_003f, 0x6b02_003f, 0x6a02_003f];

export class InitialStateArbitrary extends fc.Arbitrary<InitialState> {
  /** @param source a class to draw words from, or a list of words. */
  constructor(private readonly source: WordClass | readonly number[]) {
    super();
  }

  generate(mrng: fc.Random): fc.Value<InitialState> {
    const draw = new Draw(mrng);
    const word = "pattern" in this.source ? drawWord(draw, this.source) : draw.pick(this.source);
    return new fc.Value(initialState(draw, word), undefined);
  }

  canShrinkWithoutContext(_value: unknown): _value is InitialState {
    return false;
  }

  shrink(): fc.Stream<fc.Value<InitialState>> {
    return fc.Stream.nil();
  }
}

/** All ones is SP in a base, else the zero register. */
const REGISTER_FIELDS = [0x1f, 0x3e0, 0x7c00, 0x1f_0000];

/** A word of the class that is known. Offsets are short two times in three, so that they stay on the page. */
function drawWord(draw: Draw, wordClass: WordClass): number {
  const { few } = wordClass;
  for (let tries = 0; tries < 1000; tries++) {
    let word = (wordClass.fixed | (draw.word() & wordClass.free)) >>> 0;
    if (few !== undefined) word = (draw.pick(few) & ~(wordClass.free & 0x1f)) | (word & 0x1f);
    if (wordClass.offset !== undefined && draw.chance(66))
      word = withOffset(word, wordClass.offset, draw.between(-200, 200));
    for (const field of REGISTER_FIELDS) if ((wordClass.free & field) === field && draw.chance(15)) word |= field;
    if (decode(word >>> 0) !== undefined) return word >>> 0;
  }
  throw new Error(`no word of the class ${wordClass.pattern} is known`);
}

function withOffset(word: number, [low, width]: readonly [number, number], offset: number): number {
  const mask = 2 ** width - 1;
  return ((word & ~(mask << low)) | ((offset & mask) << low)) >>> 0;
}

function initialState(draw: Draw, word: number): InitialState {
  const x = Array.from({ length: 31 }, () => value(draw));
  const insn = decode(word)!;
  const operand = value(draw);
  const state = { x, sp: draw.chance(80) ? TOP_16 + BigInt(STACK_TOP - 16 * draw.below(40)) : value(draw) };
  if (draw.chance(85)) aim(draw, insn, state);
  return {
    word,
    x,
    sp: state.sp,
    flagWord: draw.pick(FLAG_WORDS),
    flagOperands: [operand, draw.chance(30) ? operand : value(draw)],
    reserve: (insn.kind === "storeExclusive" || insn.kind === "storeExclusivePair") && draw.chance(80),
  };
}

const random64 = (draw: Draw): bigint => (BigInt(draw.word()) << 32n) | BigInt(draw.word());

function value(draw: Draw): bigint {
  switch (draw.below(6)) {
    case 0:
      return draw.pick(EDGES);
    case 1:
      return draw.pick(HIGH_EDGES);
    case 2:
      return BigInt.asUintN(64, BigInt(draw.between(-20, 20)));
    case 3:
      return spot(draw);
    case 4:
      return TOP_16 + BigInt(CODE + 4 * draw.below(1024));
    default:
      return random64(draw) >> BigInt(draw.below(64));
  }
}

/** An address near a place where the rules change; aligned half of the time. */
function spot(draw: Draw): bigint {
  const at = TOP_16 + BigInt(draw.pick(SPOTS) + draw.between(-24, 24));
  return draw.chance(50) ? at & ~7n : at;
}

/** Make the access of the instruction, if it is one, go to a spot; for a branch, to code. */
function aim(draw: Draw, insn: A64Insn, state: { readonly x: bigint[]; sp: bigint }): void {
  const set = (reg: Reg, bits: bigint): void => {
    if (reg === SP) state.sp = draw.chance(90) ? BigInt.asUintN(64, bits) & ~15n : BigInt.asUintN(64, bits);
    else if (reg !== ZR) state.x[reg] = BigInt.asUintN(64, bits);
  };
  switch (insn.kind) {
    case "accessImmediate":
      set(insn.rn, spot(draw) - (insn.mode === "post" ? 0n : insn.offsetValue));
      return;
    case "accessOrdered":
      set(insn.rn, (draw.chance(80) ? spot(draw) & ~7n : spot(draw)) - BigInt(insn.offset));
      return;
    case "maintenance":
      if (draw.chance(80)) set(insn.rt, spot(draw));
      return;
    case "accessRegister":
      set(insn.rm, BigInt(draw.between(-9, 9)) + (draw.chance(50) ? 0n : 1n << 32n));
      set(insn.rn, draw.chance(50) ? spot(draw) : spot(draw) - BigInt(draw.between(-9, 9)));
      return;
    case "accessPair":
      set(insn.rn, spot(draw) - (insn.mode === "post" ? 0n : BigInt(insn.offset)));
      return;
    case "loadExclusivePair":
    case "storeExclusivePair":
    case "compareAndSwapPair":
      set(insn.rn, draw.chance(80) ? spot(draw) & ~15n : spot(draw));
      if (insn.kind !== "compareAndSwapPair" || draw.chance(50)) return;
      set(insn.rs, contents(state.x[insn.rn] ?? state.sp));
      set(insn.rs + 1, contents((state.x[insn.rn] ?? state.sp) + BigInt(insn.width / 8)));
      return;
    case "loadExclusive":
    case "storeExclusive":
    case "atomicMemory":
    case "compareAndSwap":
      set(insn.rn, draw.chance(80) ? spot(draw) & ~7n : spot(draw));
      if (insn.kind === "compareAndSwap" && draw.chance(50)) set(insn.rs, contents(state.x[insn.rn] ?? state.sp));
      return;
    case "twoSource":
      // The one quotient that does not fit.
      if (draw.chance(70)) return;
      set(insn.rn, 1n << BigInt(insn.width - 1));
      set(insn.rm, draw.pick([-1n, 0n, 0xffff_ffffn]));
      return;
    case "branchRegister":
    case "branchAuthenticated":
      set(insn.rn, TOP_16 + BigInt(draw.chance(80) ? WORD_AT + 4 * draw.below(64) : WORD_AT + draw.below(64)));
      return;
    default:
  }
}

/** What the data pages hold at an address, so that a comparison succeeds. */
function contents(address: bigint): bigint {
  const at = Number(BigInt.asUintN(48, address)) - DATA;
  let value = 0n;
  for (let i = 7; i >= 0; i--) value = (value << 8n) | BigInt(dataByte(at + i));
  return value;
}

export const dataByte = (offset: number): number => (offset * 37 + (offset >> 8)) & 0xff;
