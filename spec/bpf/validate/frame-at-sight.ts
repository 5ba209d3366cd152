// How deep a function uses its frame, from a look or two at each slot: pointers to the frame are followed within straight code
// only. A register that holds one where the code branches may hold one wherever a straight piece begins; where such a register
// is used, or a pointer goes where it cannot be followed, there is no answer.

import { HELPERS, type HelperArg } from "../helpers.js";
import { branchTarget, FP, type Insn, REGISTERS } from "../insn.js";
import type { CallTarget } from "../isa.js";
import { STACK_BYTES } from "../program.js";
import { MAX_OFFSET } from "./registers.js";

/** Arguments that point to what a helper reads or writes. */
const POINTS: ReadonlySet<HelperArg> = new Set<HelperArg>([
  ...(["keyPointer", "valuePointer", "bytes", "bytesOrNull", "room", "both", "address"] as const),
]);
/** Of a register that is no pointer to the frame, and of one that may be. */
const NONE = Number.NaN;
const ANY = Number.POSITIVE_INFINITY;
const CALLER_SAVED = 6;

/** Bytes, a multiple of 8, that a function of a valid code uses; undefined: the registers must be followed everywhere. */
export function depthAtSight(insns: readonly Insn[], start: number, end: number): number | undefined {
  const targets = targetsOf(insns, start, end);
  for (let carried = 0; ; ) {
    const frame = new Frame(carried);
    for (let pc = start; pc < end; pc++) {
      if (targets[pc - start] === 1) frame.branches();
      if (!frame.follows(insns[pc]!)) return undefined;
    }
    if (frame.carried === carried) return Math.ceil(frame.deepest / 8) * 8;
    carried = frame.carried;
  }
}

/** By slot of the function, 1: a branch leads there. */
function targetsOf(insns: readonly Insn[], start: number, end: number): Uint8Array {
  const targets = new Uint8Array(end - start);
  for (let pc = start; pc < end; pc++) {
    const { kind } = insns[pc]!.row;
    if (kind === "jump" || kind === "ja" || kind === "mayGoto") targets[branchTarget(insns[pc]!, pc)! - start] = 1;
  }
  return targets;
}

class Frame {
  /** Bytes below the frame pointer that are used. */
  deepest = 0;
  /** By register: what it points to, from the frame pointer on. */
  private readonly offsets = new Array<number>(REGISTERS).fill(NONE);

  /** @param carried a bit for each register that may hold such a pointer where a straight piece of code begins */
  constructor(public carried: number) {
    this.begin();
  }

  /** Another piece of code begins, which may come from anywhere. */
  private begin(): void {
    for (let r = 0; r < FP; r++) this.offsets[r] = (this.carried & (1 << r)) === 0 ? NONE : ANY;
    this.offsets[FP] = 0;
  }

  /** The code goes on here or elsewhere. */
  branches(): void {
    for (let r = 0; r < FP; r++) if (this.points(r)) this.carried |= 1 << r;
    this.begin();
  }

  private points(r: number): boolean {
    return !Number.isNaN(this.offsets[r]!);
  }

  /** @returns false if nobody knows what is used */
  private use(base: number, off: number): boolean {
    if (this.offsets[base] === ANY) return false;
    if (this.points(base)) this.deepest = Math.max(this.deepest, -(this.offsets[base]! + off));
    return true;
  }

  /** The value goes where it cannot be followed: if it is a pointer to the frame, all of that may be used. */
  private escape(r: number): boolean {
    if (this.offsets[r] === ANY) return false;
    if (this.points(r)) this.deepest = STACK_BYTES;
    return true;
  }

  /** @returns whether what the slot does to such pointers is known */
  follows(insn: Insn): boolean {
    const { row, dst, src, off } = insn;
    switch (row.kind) {
      case "load":
      case "loadAcquire":
        if (!this.use(src, off)) return false;
        this.offsets[dst] = NONE;
        return true;
      case "storeImm":
        return this.use(dst, off);
      case "store":
      case "storeRelease":
        return this.use(dst, off) && this.escape(src);
      case "atomic":
        return this.use(dst, off) && this.escape(src) && !(row.op === "cmpxchg" && this.points(0));
      case "stackArgument":
        if (row.op === "load") this.offsets[dst] = NONE;
        return row.op !== "store" || this.escape(src);
      case "alu":
        return this.computes(insn);
      case "neg":
      case "end":
      case "movsx":
        return !this.points(dst) && !(row.kind === "movsx" && this.points(src));
      case "lddw":
        this.offsets[dst] = NONE;
        return true;
      case "lddwHigh":
        return true;
      case "call":
        return this.calls(insn);
      case "exit":
        if (this.points(0)) return false;
        // Nothing of it goes on behind.
        this.begin();
        return true;
      case "jump":
        if (this.points(dst) || (row.operand === "reg" && this.points(src))) return false;
        this.branches();
        return true;
      case "ja":
      case "mayGoto":
        this.branches();
        return true;
      default:
        return false;
    }
  }

  private computes({ row, dst, src, imm }: Insn): boolean {
    if (row.kind !== "alu") return false;
    const fromPointer = row.operand === "reg" && this.points(src);
    if (row.op === "mov") {
      if (fromPointer && row.width !== 64) return false;
      this.offsets[dst] = fromPointer ? this.offsets[src]! : NONE;
      return true;
    }
    if (!this.points(dst)) return !fromPointer;
    if (row.width !== 64 || row.operand !== "imm" || (row.op !== "add" && row.op !== "sub")) return false;
    const moved = this.offsets[dst]! + (row.op === "add" ? imm : -imm);
    if (Math.abs(moved) > MAX_OFFSET) return false;
    this.offsets[dst] = moved;
    return true;
  }

  private calls({ row, imm }: Insn): boolean {
    if (row.kind !== "call") return false;
    for (let r = 1; r < CALLER_SAVED; r++) {
      if (this.points(r) && !(row.target === "local" ? this.escape(r) : this.isGiven(r, row.target, imm))) return false;
    }
    for (let r = 0; r < CALLER_SAVED; r++) this.offsets[r] = NONE;
    return true;
  }

  /** A pointer as an argument of what is no function of the program. */
  private isGiven(r: number, target: CallTarget, id: number): boolean {
    const sorts = target === "helper" ? HELPERS.get(id)?.args : undefined;
    if (sorts === undefined) return false;
    const sort = sorts[r - 1];
    return sort === undefined || !POINTS.has(sort) || this.use(r, 0);
  }
}
