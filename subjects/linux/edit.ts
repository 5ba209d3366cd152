// Bugs planted in the machine code of a kernel image: one word of one function becomes another, found by what stands there and
// not by its address, so that the same edit can be made in images of other versions and compilers.

import type { Va } from "../../machine/address.js";
import { decode } from "../../spec/a64/decode.js";
import { text } from "../../spec/a64/text.js";
import { allocatorOf } from "./image/features.js";
import { branchTarget, type FunctionRange, functionsOf, sourceName } from "./image/functions.js";
import type { TypedImage } from "./kernel-image.js";
import { bytesAsRun } from "./placed-kernel.js";
import { trampolinesOf } from "./tramp-memory.js";

/** Which instruction of a function. `nth` counts from 1. */
export type Where =
  /** A call of one of these functions, whatever the compiler has added to their names. */
  | { readonly kind: "call"; readonly of: string; readonly nth: number }
  /** The first conditional branch behind such a call. */
  | { readonly kind: "after"; readonly of: string; readonly nth: number }
  /** The last constant that goes into that register before such a call. */
  | { readonly kind: "argument"; readonly of: string; readonly nth: number; readonly register: number }
  /** The first such call with these constants in registers. */
  | { readonly kind: "with"; readonly of: string; readonly constants: Readonly<Record<number, number>> }
  /** An instruction whose text matches. */
  | { readonly kind: "text"; readonly like: RegExp; readonly nth: number };

export type Change =
  /** Nothing is done there: a call is skipped, a store is lost, a branch is never taken. */
  | "nop"
  /** A conditional branch is taken where it was not. */
  | "flip"
  /** A conditional branch is always taken. */
  | "always"
  /** A constant, or the number of an immediate operand, becomes one more. */
  | "more"
  /** A call is skipped, and says that it failed: X0 is 0, or -12. */
  | "null"
  | "error"
  /** A conditional branch goes the way that it goes for zero. */
  | "zero"
  /** A call that makes an instruction makes one that does nothing. */
  | "absent";

export interface ImageEdit {
  readonly id: string;
  readonly title: string;
  /** Names of functions, the first of which has the place; compilers put some into others. */
  readonly in: readonly string[];
  readonly where: Where;
  readonly change: Change;
  /** Why no case can tell, where that is so. */
  readonly equivalent?: string;
}

/** Where an edit falls in one image, and what it makes of the word there. */
interface PlacedEdit {
  readonly va: Va;
  /** `bpf_prog_pack_free+0x1c`. */
  readonly place: string;
  readonly before: number;
  readonly after: number;
  /** Both as text. */
  readonly said: string;
}

const NOP = 0xd503_201f;
const ALWAYS = 0x1400_0000;
const MOV_X0_ZERO = 0xd280_0000;
/** MOVN X0, #11: -12, which is -ENOMEM. */
const MOV_X0_ENOMEM = 0x9280_0160;
/** MOV W0, #0x91000000, which is MOV X0, X0 (ADD X0, X0, #0). */
const MOV_W0_MOVE = 0x52b2_2000;
/** Instructions behind or before a call in which what belongs to it is looked for. */
const NEAR = 12;

const unlessPacks =
  (why: string) =>
  (image: TypedImage): string | undefined =>
    allocatorOf(image) === "packs" ? undefined : why;

/** Functions that an image has and nothing calls, or that are not what the edits are about, with why. */
const IDLE: readonly {
  readonly functions: RegExp;
  why(image: TypedImage): string | undefined;
}[] = [
  {
    functions: /^bpf_prog_pack_|^alloc_new_pack$|^bpf_jit_binary_pack_/,
    why: unlessPacks("each program has its own pages: its JIT calls no pack allocator"),
  },
  {
    functions: /^bpf_jit_free$/,
    why: unlessPacks("each program has its own pages: its JIT has no bpf_jit_free of its own"),
  },
  {
    functions: /^(arch_\w+_bpf_trampoline|prepare_trampoline|invoke_bpf_\w+)$/,
    why(image) {
      const way = trampolinesOf(image);
      return typeof way === "string" ? undefined : way.why;
    },
  },
];

/** @returns where the edit is made in this image, or why it cannot be made there */
export function placeEdit(image: TypedImage, edit: ImageEdit): PlacedEdit | string {
  const bytes = bytesAsRun(image);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wordAt = (va: Va): number => view.getUint32(va - image.base, true);
  const idle = IDLE.find(({ functions }) => functions.test(edit.in[0]!))?.why(image);
  if (idle !== undefined) return idle;
  const functions = edit.in.flatMap((name) => functionsOf(image, name));
  if (functions.length === 0) return `the image has no function ${edit.in.join(" or ")}`;
  for (const fn of functions) {
    const va = find(fn, edit.where, image, wordAt);
    if (va === undefined) continue;
    const before = wordAt(va);
    const after = changed(before, edit.change);
    if (after === undefined) return `${saidAt(before, va)} at ${placeOf(image, va)} cannot be changed so`;
    return { va, place: placeOf(image, va), before, after, said: `${saidAt(before, va)} -> ${saidAt(after, va)}` };
  }
  return `${edit.in.join(" and ")} have no such instruction`;
}

/** A copy of the image with the edit: as large as the image. */
export function withEdit(image: TypedImage, { va, after }: Pick<PlacedEdit, "va" | "after">): TypedImage {
  const bytes = Uint8Array.from(image.bytes);
  new DataView(bytes.buffer).setUint32(va - image.base, after, true);
  return { ...image, bytes };
}

type WordAt = (va: Va) => number;

function find(fn: FunctionRange, where: Where, image: TypedImage, wordAt: WordAt): Va | undefined {
  const places = reachedIn(fn, wordAt);
  if (where.kind === "text") return places.filter((va) => where.like.test(saidAt(wordAt(va), va)))[where.nth - 1];
  const names = new Set(where.of.split("|"));
  const calls = places.filter((va) => names.has(sourceName(calledAt(image, wordAt(va), va) ?? "")));
  if (where.kind === "with") {
    const wanted = Object.entries(where.constants);
    return calls.find((va) =>
      wanted.every(([register, value]) => {
        const at = constantBefore(places, wordAt, va, Number(register));
        return at !== undefined && ((wordAt(at) >>> 5) & 0xffff) === value;
      }),
    );
  }
  const call = calls[where.nth - 1];
  if (call === undefined || where.kind === "call") return call;
  if (where.kind === "after") {
    const behind = places.filter((va) => va > call && va <= call + 4 * NEAR);
    return behind.find((va) => isConditional(wordAt(va)));
  }
  return constantBefore(places, wordAt, call, where.register);
}

/** The last constant that goes into a register before a call. */
function constantBefore(places: readonly Va[], wordAt: WordAt, call: Va, register: number): Va | undefined {
  const before = places.filter((va) => va < call && va >= call - 4 * NEAR);
  return before.findLast((va) => isConstant(wordAt(va)) && (wordAt(va) & 31) === register);
}

/** Where a function comes to, in order: not what stands there for a CPU that has other features. */
function reachedIn({ start, end }: FunctionRange, wordAt: WordAt): readonly Va[] {
  const places: Va[] = [];
  for (let va = start; va < end; va += 4) places.push(va);
  // Nobody knows where the branches of a switch lead.
  if (places.some((va) => isIndirect(wordAt(va)))) return places;
  const reached = new Set<Va>([start]);
  // A set that grows while it is gone through.
  for (const va of reached) {
    const word = wordAt(va);
    const isCall = (word & 0xfc00_0000) >>> 0 === 0x9400_0000;
    const isLast = isReturn(word) || (word & 0xfc00_0000) >>> 0 === ALWAYS;
    const next = [isLast ? undefined : va + 4, isCall ? undefined : branchTarget(word, va)];
    for (const to of next) if (to !== undefined && to >= start && to < end) reached.add(to);
  }
  return places.filter((va) => reached.has(va));
}

/** BR, and RET, each with and without a check of the address. */
const isIndirect = (word: number): boolean => (word & 0xfeff_f000) >>> 0 === 0xd61f_0000;
const isReturn = (word: number): boolean => (word & 0xfeff_f000) >>> 0 === 0xd65f_0000;

/** Branches with link, and branches that leave the function for good. */
function calledAt(image: TypedImage, word: number, va: Va): string | undefined {
  if ((word & 0x7c00_0000) >>> 0 !== ALWAYS) return undefined;
  const symbol = image.symbolAt(va + ((word << 6) >> 6) * 4);
  return symbol?.offset === 0 ? symbol.name : undefined;
}

const isConditional = (word: number): boolean =>
  (word & 0xff00_0010) >>> 0 === 0x5400_0000 || (word & 0x7c00_0000) >>> 0 === 0x3400_0000;
/** MOVZ. */
const isConstant = (word: number): boolean => (word & 0x7f80_0000) >>> 0 === 0x5280_0000;
/** ADD, ADDS, SUB and SUBS of an immediate. */
const isImmediate = (word: number): boolean => (word & 0x1f80_0000) >>> 0 === 0x1100_0000;

function changed(word: number, change: Change): number | undefined {
  switch (change) {
    case "nop":
      return word === NOP ? undefined : NOP;
    case "null":
      return MOV_X0_ZERO;
    case "error":
      return MOV_X0_ENOMEM;
    case "flip":
      if (!isConditional(word)) return undefined;
      return ((word & 0xff00_0010) >>> 0 === 0x5400_0000 ? word ^ 1 : word ^ 0x0100_0000) >>> 0;
    case "always":
      return alwaysTaken(word);
    case "zero":
      if ((word & 0x7e00_0000) >>> 0 !== 0x3400_0000) return undefined;
      return (word & 0x0100_0000) === 0 ? alwaysTaken(word) : NOP;
    case "absent":
      return MOV_W0_MOVE;
    case "more":
      if (isConstant(word)) return (word ^ 0x20) >>> 0;
      return isImmediate(word) ? (word ^ 0x400) >>> 0 : undefined;
    default:
      return change satisfies never;
  }
}

function alwaysTaken(word: number): number | undefined {
  if (!isConditional(word)) return undefined;
  const isTest = (word & 0x7e00_0000) >>> 0 === 0x3600_0000;
  const distance = isTest ? (word << 13) >> 18 : (word << 8) >> 13;
  return (ALWAYS | (distance & 0x3ff_ffff)) >>> 0;
}

const placeOf = (image: TypedImage, va: Va): string => {
  const symbol = image.symbolAt(va);
  return symbol === undefined ? "?" : `${symbol.name}+0x${symbol.offset.toString(16)}`;
};

const saidAt = (word: number, va: Va): string => {
  const insn = decode(word);
  return insn === undefined ? `.word 0x${word.toString(16)}` : text(insn, va);
};
