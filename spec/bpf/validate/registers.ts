// What is known about the eleven registers at one point of a program, and what each instruction does to it. Read
// `lattice.ts` first.

import type { Helper } from "../helpers/helper.js";
import { TAIL_CALL } from "../helpers.js";
import { FP, type Insn, lddwHalves, REGISTERS } from "../insn.js";
import type { AluRow, LddwRow } from "../isa.js";
import { modelOf } from "../kernel-functions.js";
import { type ContextKind, hasFields } from "../program.js";
import { fold } from "./fold.js";
import {
  CONSTANT,
  CONTEXT,
  FRAME,
  isNumber,
  MAP,
  MAY_BE_CONTEXT,
  MAY_BE_FRAME,
  MAY_BE_NULL,
  NULLABLE,
  OTHER,
  SCALAR,
  taintOf,
  UNINITIALISED,
} from "./lattice.js";

/** Offsets beyond this are not tracked (Linux: BPF_MAX_VAR_OFF). */
const MAX_OFFSET = 2 ** 29;
const OWN_STACK_ARGUMENTS = 0xffff;

export class Registers {
  readonly kind = new Uint8Array(REGISTERS);
  readonly value = new Int32Array(REGISTERS);
  /** Words of the frame that hold the context: bit i, counted from r10 down, of two words of 32. */
  readonly spilled = new Int32Array(2);
  /** Of arguments beyond five: bit i for the function's own, bit 16 + i for one that is stored for a call. */
  stackArguments = 0;
  readonly #hasFields: boolean;

  /** `leaked`: pointers to the xdp context may be in memory, so a load of 8 bytes may give one. */
  constructor(
    readonly context: ContextKind,
    readonly leaked: boolean,
  ) {
    this.#hasFields = hasFields(context);
  }

  set(r: number, kind: number, value = 0): void {
    this.kind[r] = kind;
    this.value[r] = value;
  }

  isScalar(r: number): boolean {
    return isNumber(this.kind[r]!);
  }

  /** What may have gone into `r`: bits as in OTHER. */
  taint(r: number): number {
    return taintOf(this.kind[r]!, this.value[r]!);
  }

  /** The state at the entry of a function, with r1..r5 uninitialised. */
  enterFunction(): void {
    this.kind.fill(UNINITIALISED);
    this.value.fill(0);
    this.set(FP, FRAME, 0);
    this.forgetSpills();
    this.stackArguments = 0;
  }

  hasStackArgument(off: number): boolean {
    return ((this.stackArguments >> (off / 8 - 1)) & 1) === 1;
  }

  forgetSpills(): void {
    this.spilled.fill(0);
  }

  /** A store through `base`: what was spilled there is gone, or the context is. */
  #stored(base: number, off: number, size: number, src: number | undefined): void {
    if (this.kind[base] !== FRAME) {
      if ((this.taint(base) & MAY_BE_FRAME) !== 0) this.forgetSpills();
      return;
    }
    const at = this.value[base]! + off;
    for (const end of [at, at + size - 1]) this.#mark(Math.floor(end / 8) * 8, false);
    if (src !== undefined && size === 8 && this.kind[src] === CONTEXT && this.value[src] === 0) this.#mark(at, true);
  }

  #mark(at: number, isContext: boolean): void {
    const word = -at / 8 - 1;
    if (!(Number.isInteger(word) && word >= 0 && word < 64)) return;
    const bit = 1 << (word & 31);
    if (isContext) this.spilled[word >> 5]! |= bit;
    else this.spilled[word >> 5]! &= ~bit;
  }

  /** Whether a load of 8 bytes gives the context. */
  #isSpilled(base: number, off: number): boolean {
    const word = -(this.value[base]! + off) / 8 - 1;
    const isWord = this.kind[base] === FRAME && Number.isInteger(word) && word >= 0 && word < 64;
    return isWord && ((this.spilled[word >> 5]! >> (word & 31)) & 1) === 1;
  }

  /** Whether the slot may put a pointer to the xdp context where only memory remembers it, or return it. */
  leaks({ row, src }: Insn): boolean {
    if (!this.#hasFields) return false;
    if (row.kind === "stackArgument") return row.op === "store" && (this.taint(src) & MAY_BE_CONTEXT) !== 0;
    if (row.kind === "exit") return (this.taint(0) & MAY_BE_CONTEXT) !== 0;
    return (
      (row.kind === "store" || row.kind === "atomic" || row.kind === "storeRelease") &&
      (this.taint(src) & MAY_BE_CONTEXT) !== 0
    );
  }

  /** Do what the slot at `pc` does. */
  step(code: readonly Insn[], pc: number): void {
    const { row, dst, src, off, imm } = code[pc]!;
    switch (row.kind) {
      case "alu":
        if (row.operand === "reg") this.#alu(row, dst, this.kind[src]!, this.value[src]!);
        else this.#alu(row, dst, CONSTANT, imm);
        break;
      case "movsx":
        this.#computed(dst, this.isScalar(src), this.taint(src));
        break;
      case "neg":
      case "end":
        this.#computed(dst, this.isScalar(dst), this.taint(dst));
        break;
      case "lddw":
        this.#lddw(row, dst, lddwHalves(code, pc));
        break;
      case "load":
        // Narrow loads cannot carry a pointer, but for the context fields that Linux widens.
        if (this.#hasFields && this.kind[src] === CONTEXT) this.set(dst, OTHER);
        else if (this.#hasFields && row.size === 8 && this.#isSpilled(src, off)) this.set(dst, CONTEXT);
        else this.#loaded(dst, row.size);
        break;
      case "store":
      case "storeRelease":
        if (this.#hasFields) this.#stored(dst, off, row.size, src);
        break;
      case "storeImm":
        if (this.#hasFields) this.#stored(dst, off, row.size, undefined);
        break;
      case "stackArgument":
        if (row.op === "load") this.#loaded(dst, 8);
        else this.stackArguments = (this.stackArguments & ~OWN_STACK_ARGUMENTS) | (1 << (15 - off / 8));
        break;
      case "legacyLoad":
        this.stackArguments = 0;
        this.set(0, SCALAR);
        for (let r = 1; r <= 5; r++) this.set(r, UNINITIALISED);
        break;
      case "loadAcquire":
        this.#loaded(dst, row.size);
        break;
      case "atomic":
        if (this.#hasFields) this.#stored(dst, off, row.size, undefined);
        if (row.fetch) this.#loaded(row.op === "cmpxchg" ? 0 : src, row.size);
        break;
      case "call":
        if (row.target === "local") this.#called();
        else if (row.target === "kfunc" || imm !== TAIL_CALL) this.#returned(pc, modelOf(row.target, imm)?.returns);
        for (let r = 1; r <= 5; r++) this.set(r, UNINITIALISED);
        this.stackArguments = 0;
        break;
      default: // Jumps, stores, exit: no register changes.
        break;
    }
  }

  /** A function may write whatever it was given pointers to. */
  #called(): void {
    for (let r = 1; r <= 5; r++) if ((this.taint(r) & MAY_BE_FRAME) !== 0) this.forgetSpills();
    this.#loaded(0, 8);
  }

  #returned(pc: number, returns: Helper["returns"] | undefined): void {
    if (returns === "valueOrNull" || returns === "recordOrNull") {
      // What the same call returned before, in a loop, is another pointer.
      for (let r = 0; r < REGISTERS; r++) if (this.#isFrom(pc, r)) this.set(r, OTHER, MAY_BE_NULL);
      this.set(0, NULLABLE, pc);
    } else if (returns === "nothing") this.set(0, UNINITIALISED);
    else this.set(0, returns === "scalar" ? SCALAR : OTHER);
  }

  #isFrom(pc: number, r: number): boolean {
    return this.kind[r] === NULLABLE && this.value[r] === pc;
  }

  /** On this path `r` is known to be 0, or known not to be. Copies of what a helper returned share the knowledge. */
  refine(r: number, isNull: boolean): void {
    const from = this.kind[r] === NULLABLE ? this.value[r]! : undefined;
    for (let other = 0; other < REGISTERS; other++) {
      if (other !== r && (from === undefined || !this.#isFrom(from, other))) continue;
      if (isNull) this.set(other, CONSTANT, 0);
      else this.set(other, OTHER, this.taint(other) & ~MAY_BE_NULL);
    }
  }

  copyFrom(other: Registers): void {
    this.kind.set(other.kind);
    this.value.set(other.value);
    this.spilled.set(other.spilled);
    this.stackArguments = other.stackArguments;
  }

  /** A value of `size` bytes from memory, or from a function. */
  #loaded(dst: number, size: number): void {
    if (size === 8) this.set(dst, OTHER, this.leaked ? MAY_BE_CONTEXT : 0);
    else this.set(dst, SCALAR);
  }

  #computed(dst: number, scalar: boolean, taint: number): void {
    if (scalar) this.set(dst, SCALAR);
    else this.set(dst, OTHER, taint);
  }

  #lddw({ source }: LddwRow, dst: number, { low, high }: { readonly low: number; readonly high: number }): void {
    if (source === "imm64" && high === low >> 31) this.set(dst, CONSTANT, low);
    else if (source === "imm64") this.set(dst, SCALAR);
    else if (source === "mapFd" || source === "mapIndex") this.set(dst, MAP, low);
    else this.set(dst, OTHER);
  }

  /** `kind` and `value` are the right operand's. */
  #alu({ op, width }: AluRow, dst: number, kind: number, value: number): void {
    if (op === "mov") {
      if (width === 64 || (kind === CONSTANT && value >= 0)) this.set(dst, kind, value);
      else this.#computed(dst, isNumber(kind), taintOf(kind, value));
      return;
    }
    const leftKind = this.kind[dst]!;
    const left = this.value[dst]!;
    this.#computed(dst, isNumber(leftKind) && isNumber(kind), mixed(leftKind, left, kind, value));
    if (leftKind === CONSTANT && kind === CONSTANT) {
      const folded = fold(op, width, left, value);
      if (folded !== undefined) this.set(dst, CONSTANT, folded);
    } else if (width === 64 && op === "add") {
      if (isTracked(leftKind) && kind === CONSTANT) this.#moved(dst, leftKind, left + value);
      if (isTracked(kind) && leftKind === CONSTANT) this.#moved(dst, kind, left + value);
    } else if (width === 64 && op === "sub") {
      if (isTracked(leftKind) && kind === CONSTANT) this.#moved(dst, leftKind, left - value);
      if (leftKind === FRAME && kind === FRAME) this.set(dst, SCALAR);
    }
  }

  #moved(dst: number, kind: number, offset: number): void {
    if (Math.abs(offset) <= MAX_OFFSET) this.set(dst, kind, offset);
  }
}

const isTracked = (kind: number): boolean => kind === FRAME || kind === CONTEXT;

/** What goes into the result of two operands: it may be a number only if both may. */
function mixed(leftKind: number, left: number, kind: number, value: number): number {
  const both = taintOf(leftKind, left) | taintOf(kind, value);
  return mayBeNumber(leftKind, left) && mayBeNumber(kind, value) ? both : both & ~MAY_BE_NULL;
}

const mayBeNumber = (kind: number, value: number): boolean =>
  isNumber(kind) || (taintOf(kind, value) & MAY_BE_NULL) !== 0;
