// Blinding, replayed: a kernel that blinds constants shows a program of several functions as it was before, and its image
// has two numbers for each constant, of which one was drawn. The drawn numbers are read out of the image; with them the
// same constants are blinded again, and everything in the image is left to be compared. A program of one function is shown
// blinded, the addresses of its maps too.

import { decode } from "../../spec/a64/decode.js";
import { type Insn, withFields } from "../../spec/bpf/insn.js";
import { bpfJitBlindConstants } from "../../subjects/lowering.js";
import type { CompiledImage, JitFunction } from "../../subjects/subject.js";
import type { SplitFunction } from "./functions.js";
import type { RecordedFunction } from "./recording.js";
import { movedConstant, wordsOf } from "./words.js";

type Blinded = { readonly ok: true; readonly fn: JitFunction; readonly origin: Int32Array } | { readonly ok: false };

/** Blind with these numbers, and with any behind the last. */
export function blindAgain({ fn }: SplitFunction, scratch: number, drawn: readonly number[] = []): Blinded {
  let next = 0;
  const blinded = bpfJitBlindConstants(fn.insns, () => drawn[next++] ?? PLACEHOLDER, scratch);
  if (!blinded.ok) return { ok: false };
  return { ok: true, fn: { ...fn, insns: blinded.insns }, origin: blinded.origin };
}
const PLACEHOLDER = 0x1234_5678;

/**
 * What the kernel drew, and the function with the addresses that only the image tells.
 *
 * @param image of the function blinded with placeholders
 */
export function readBlinding(
  { fn, unknowns }: SplitFunction,
  blinded: Extract<Blinded, { ok: true }>,
  { offsets }: CompiledImage,
  { code }: RecordedFunction,
): { readonly fn: JitFunction; readonly drawn: readonly number[] } {
  const words = wordsOf(code);
  const { insns } = blinded.fn;
  const unknown = new Set(unknowns.flatMap(({ kind, pc }) => (kind === "mapAddress" ? [pc, pc + 1] : [])));
  const filled = [...fn.insns];
  const drawn: number[] = [];
  // How many words later than in our image a slot begins in the recorded one.
  let shift = 0;
  for (let pc = 0; pc + 1 < insns.length; pc++) {
    if (!isBlinding(insns, pc)) continue;
    const hidden = movedConstant(words, offsets[pc]! + shift);
    if (hidden === undefined) break;
    shift += hidden.words - (offsets[pc + 1]! - offsets[pc]!);
    const key = xoredConstant(words, offsets[pc + 1]! + shift);
    if (key === undefined) break;
    shift += key.words - (offsets[pc + 2]! - offsets[pc + 1]!);
    drawn.push(key.value);
    const slot = blinded.origin[pc]!;
    if (unknown.has(slot)) filled[slot] = { ...filled[slot]!, imm: (hidden.value.low ^ key.value) | 0 };
    pc++;
  }
  return { fn: { ...fn, insns: withLowHalves(filled, unknown) }, drawn };
}

/** The upper half of a 64-bit constant is blinded where its first slot is, and stands in the second. */
function withLowHalves(insns: readonly Insn[], unknown: ReadonlySet<number>): readonly Insn[] {
  return insns.map((slot, pc) => {
    if (!unknown.has(pc)) return slot;
    const other = slot.row.kind === "lddw" ? pc + 1 : pc - 1;
    return withFields(slot, { imm: insns[other]!.imm });
  });
}

/** Whether a constant is put together at that slot: `ax = a ^ b; ax ^= b`. */
const isBlinding = (insns: readonly Insn[], pc: number): boolean => {
  const [mov, xor] = [insns[pc]!, insns[pc + 1]];
  if (xor === undefined || mov.dst < SCRATCH || mov.dst !== xor.dst) return false;
  return (
    (mov.row.id === "mov imm" && xor.row.id === "xor imm") || (mov.row.id === "mov32 imm" && xor.row.id === "xor32 imm")
  );
};
const SCRATCH = 11;

/** The operand of an exclusive or, in the instruction or moved into a register before it. */
function xoredConstant(words: Uint32Array, at: number): { readonly value: number; readonly words: number } | undefined {
  const word = decode(words[at] ?? 0);
  if (word?.kind === "logicalImmediate" && word.op === "eor") {
    return { value: Number(BigInt.asIntN(32, word.value)), words: 1 };
  }
  const moved = movedConstant(words, at);
  return moved && { value: moved.value.low | 0, words: moved.words + 1 };
}

/** A 64-bit constant as it is shown blinded: its seven slots, and what they put together. */
export interface BlindedLoad {
  readonly pc: number;
  readonly high: number;
  readonly low: number;
}
const SHAPE = ["mov imm", "xor imm", "lsh imm", "mov reg", "mov32 imm", "xor32 imm", "or reg"];

/** The 64-bit constants of a program that is shown blinded, in program order. */
export const blindedLoads = (insns: readonly Insn[]): readonly BlindedLoad[] =>
  [...insns.keys()].flatMap((pc) => {
    if (!SHAPE.every((id, i) => insns[pc + i]?.row.id === id)) return [];
    const half = (at: number): number => (insns[at]!.imm ^ insns[at + 1]!.imm) >>> 0;
    return [{ pc, high: half(pc), low: half(pc + 4) }];
  });

export const isKernelAddress = ({ high }: BlindedLoad): boolean => high >>> 16 === KERNEL_TOP;
const KERNEL_TOP = 0xffff;

/** Let the blinded load at `pc` put together another address, with the same drawn numbers. */
export function setBlindedAddress(
  insns: Insn[],
  pc: number,
  { high, low }: { readonly high: number; readonly low: number },
): void {
  insns[pc] = { ...insns[pc]!, imm: (high ^ insns[pc + 1]!.imm) | 0 };
  insns[pc + 4] = { ...insns[pc + 4]!, imm: (low ^ insns[pc + 5]!.imm) | 0 };
}
