// The state of one compilation, shared by all lowering: how many words there are, where each BPF slot begins, and the
// image once it exists. All three passes run the same lowering; they differ in what this object does with a word.

import { shortInts } from "../../spec/slab.js";
import { mov } from "../a64/add-sub.js";
import { movOrr } from "../a64/logical.js";
import type { Is64, Reg } from "../a64/registers.js";
import { NOP } from "../a64/system.js";
import { type Encoded, FILL, type Refusal, type Word } from "../a64/word.js";
import { changesFor } from "../versions.js";
import { envWith, type JitEnv } from "./env.js";
import type { JitError } from "./error.js";
import { type Frame, frameOf } from "./frame.js";
import type { JitFunction } from "./function.js";
import { registerMap } from "./registers.js";
import { traitsOf } from "./traits.js";

const NO_IMAGE = new Uint32Array(0);

/** Words that a conditional branch reaches back, and one less ahead. */
export const CONDITION_REACH = 2 ** 18;

/** Whatever takes the words of a sequence in order: a function's image, or a trampoline's. */
export interface WordSink {
  emit(encoded: Encoded): void;
}

/** A sink that may know where its words will run, as direct calls need. */
export interface CodeSink extends WordSink {
  readonly hasImage: boolean;
  /** Low 48 bits of the address of the next word. */
  here(): number;
}

export class Emitter implements CodeSink {
  readonly frame: Frame;
  private readonly registers: readonly Reg[];
  readonly r0: Reg;
  /** A move between registers of which none is SP. */
  readonly mov: (is64: Is64, rd: Reg, rn: Reg) => Word;
  /** Accesses that may fault. */
  readonly faulting: number;
  /** See `traits.ts`: whether it is so of any slot. */
  readonly isAboutPlace: boolean;
  readonly namesFunction: boolean;
  /** Word index of each BPF slot, and of the epilogue at the end. Zero where no pass has been yet. */
  readonly offsets: Int32Array;
  /** Words emitted so far: the index of the next one. */
  words = 0;
  /** Exception entries written so far. */
  entries = 0;
  /** Word index of the epilogue, from the last pass over the body. */
  epilogue = 0;
  /** Byte offset of the exception table in the image. */
  tableBytes = 0;
  /** The first reason to refuse the function. */
  error: JitError | undefined;
  /** The first word that had no encoding, among those that were written. */
  refused: { readonly word: number; readonly why: Refusal } | undefined;
  /** Low 48 bits of the address that word 0 will run at. */
  roImage = 0;
  hasImage = false;
  /** The pass that knows all distances. */
  writing = false;
  /** Low 48 bits of the address of each function, once all are compiled. */
  addresses: readonly number[] | undefined;
  /** Until there is an image, the draft of the first pass. */
  private image: Uint32Array = NO_IMAGE;

  readonly fn: JitFunction;
  readonly env: JitEnv;

  constructor(given: JitFunction, kernel: JitEnv) {
    const changes = changesFor(kernel.changes, given);
    const env = changes === kernel.changes ? kernel : envWith(kernel, { changes });
    this.env = env;
    // A JIT that knows no private stack is never told of one, and takes the kernel's.
    const fn = given.privateStack === undefined || env.changes.privateStack ? given : onKernelStack(given);
    this.fn = fn;
    this.frame = frameOf(fn, !env.quirks.callbackWithoutFrame);
    this.registers = registerMap(env.changes);
    this.r0 = this.registers[0]!;
    this.mov = env.changes.orrMoves ? movOrr : mov;
    let faulting = 0;
    let calls = false;
    let names = false;
    for (const { row } of fn.insns) {
      const { mayFault, isAboutPlace, namesFunction } = traitsOf(row);
      if (mayFault) faulting++;
      calls ||= isAboutPlace;
      names ||= namesFunction;
    }
    this.faulting = faulting;
    this.isAboutPlace = calls;
    this.namesFunction = names;
    this.offsets = shortInts(fn.insns.length + 1);
  }

  /** @throws RangeError for a register that BPF does not have: the caller's decoder let it through. */
  reg(bpf: number): Reg {
    const r = this.registers[bpf];
    if (r === undefined) throw new RangeError(`BPF register ${bpf} does not exist`);
    return r;
  }

  /** The first pass: its words go to a draft, and only their number counts. */
  draft(words: Uint32Array): void {
    this.image = words;
  }

  /** A pass over everything, or on from some word, into the image or for its length alone. */
  pass(from: number, writing: boolean): void {
    this.words = from;
    this.entries = 0;
    this.writing = writing;
  }

  /** Words of a slot that came out the same in the first pass. */
  take(from: Uint32Array, first: number, end: number): void {
    for (let at = first; at < end; at++) this.image[this.words++] = from[at]!;
  }

  /** Give it memory: words of the read-write image, and the address that they will run at. */
  attach(image: Uint32Array, roImage: number, addresses: readonly number[] | undefined): void {
    this.image = image;
    this.roImage = roImage;
    this.addresses = addresses;
    this.hasImage = true;
    this.refused = undefined;
  }

  emit(encoded: Encoded): void {
    // The second pass, which has an image and does not write, only counts.
    if (this.writing || !this.hasImage) {
      if (encoded < 0) this.refuse(encoded as Refusal);
      else this.image[this.words] = encoded;
    }
    this.words++;
  }

  /** Emit a word whose final value is known later: the place to `patch`. */
  reserve(): number {
    this.emit(NOP);
    return this.words - 1;
  }

  /** Not suppressed in the pass that does not write, as in the kernel. */
  patch(at: number, encoded: Encoded): void {
    if (!this.hasImage) return;
    this.image[at] = encoded < 0 ? FILL : encoded;
    if (encoded < 0) this.refused ??= { word: at, why: encoded as Refusal };
  }

  /** Low 48 bits of the address of the next word. */
  here(): number {
    return this.roImage + this.words * 4;
  }

  /** Set data that is no instruction. */
  setData(at: number, value: number): void {
    this.image[at] = value;
  }

  data(at: number): number {
    return this.image[at] ?? 0;
  }

  fail(error: JitError): void {
    this.error ??= error;
  }

  /** Index of the first word that is the illegal instruction, or -1. */
  firstFill(): number {
    const at = this.image.indexOf(FILL);
    return at < this.words ? at : -1;
  }

  /** Words from the branch at slot `pc`, which must be the last word of its slot, to the slot `pc + 1 + distance`. */
  branchWords(pc: number, distance: number): number {
    const target = this.offsets[pc + 1 + distance];
    const next = this.offsets[pc + 1];
    if (target === undefined || next === undefined) {
      throw new RangeError(`slot ${pc} branches to ${pc + 1 + distance}, outside 0..${this.offsets.length - 1}`);
    }
    return target - (next - 1);
  }

  /** Whether `imm` words fit into a branch of `bits` bits; if not, the function is refused. */
  checkBranch(pc: number, imm: number, bits: 19 | 26): boolean {
    // Only the writing pass knows all distances; Linux checks in all passes.
    if (!this.writing && !this.env.quirks.firstPassRange) return true;
    const limit = 1 << (this.env.quirks.branchRangeDoubled ? bits : bits - 1);
    if (imm >= -limit && imm < limit) return true;
    this.fail({ kind: "branchOutOfRange", pc, imm, bits });
    return false;
  }

  private refuse(why: Refusal): void {
    this.refused ??= { word: this.words, why };
    this.image[this.words] = FILL as Word;
  }
}

function onKernelStack({ privateStack: _, ...fn }: JitFunction): JitFunction {
  return fn;
}
