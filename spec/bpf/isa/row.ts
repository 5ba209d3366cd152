// What a row of the instruction table says, for each kind of instruction.

import type { AluOp, AtomicOp, CallTarget, JumpOp, LddwSource } from "./operations.js";

/**
 * The conformance groups of RFC 9669 section 2.4, `linux` for forms that Linux has beyond them, and `kernel` for forms that
 * only a verifier hands to a JIT, or that need what no program here has.
 */
export type Group =
  | "base32"
  | "base64"
  | "atomic32"
  | "atomic64"
  | "divmul32"
  | "divmul64"
  | "packet"
  | "linux"
  | "kernel";
export type Width = 32 | 64;
/** Bytes that a load, store or atomic touches. */
export type Size = 1 | 2 | 4 | 8;
type Operand = "imm" | "reg";
/** What happens to a register operand; `none` means that the field is reserved and must be zero. */
type RegUse = "none" | "r" | "w" | "rw";
/** What a field holds: nothing (reserved), the discriminator of the row, or a value of that sort. */
type OffUse = "none" | "select" | "branch" | "mem";
type ImmUse = "none" | "select" | "any" | "divisor" | "shift" | "branch" | "helper" | "func" | "low" | "high";

interface RowBase {
  /** Unique name, also the key of coverage reports. */
  readonly id: string;
  /** Its place among all rows, which says the table that holds them all. */
  readonly index?: number;
  readonly opcode: number;
  readonly group: Group;
  /** The first LLVM `-mcpu` version that may emit it. */
  readonly cpu: 1 | 2 | 3 | 4;
  /** Fields that tell apart the rows of one opcode, with the value that selects this row. */
  readonly select: Selector;
  readonly dst: RegUse | "select";
  readonly src: RegUse | "select";
  readonly off: OffUse;
  readonly imm: ImmUse;
  /** The Linux release that has it first, and the one whose arm64 JIT does; absent for what is older than 6.9. */
  readonly since?: Since | undefined;
  /** What rows of one kind have: see there. */
  readonly mode?: Mode | "abs" | "ind" | undefined;
}
type Selector = { readonly [Field in "dst" | "src" | "off" | "imm"]?: number | undefined };
export interface Since {
  readonly linux: string;
  readonly arm64: string;
}

/** `mem` as programs write it; `probe` and `arena` as the Linux verifier marks accesses that may fault. */
export type Mode = "mem" | "probe" | "arena";
export type ByteOrder = "le" | "be" | "swap";

export interface AluRow extends RowBase {
  readonly kind: "alu";
  readonly op: AluOp;
  readonly width: Width;
  readonly operand: Operand;
  readonly symbol: string;
}
export interface NegRow extends RowBase {
  readonly kind: "neg";
  readonly width: Width;
}
export interface MovsxRow extends RowBase {
  readonly kind: "movsx";
  readonly width: Width;
  readonly from: 8 | 16 | 32;
}
export interface EndRow extends RowBase {
  readonly kind: "end";
  readonly order: ByteOrder;
  readonly bits: 16 | 32 | 64;
}
export interface JaRow extends RowBase {
  readonly kind: "ja";
  /** The field that holds the distance: `off` for `goto`, `imm` for `gotol`. */
  readonly field: "off" | "imm";
}
export interface JumpRow extends RowBase {
  readonly kind: "jump";
  readonly op: JumpOp;
  readonly width: Width;
  readonly operand: Operand;
  readonly symbol: string;
}
export interface CallRow extends RowBase {
  readonly kind: "call";
  readonly target: CallTarget;
}
export interface ExitRow extends RowBase {
  readonly kind: "exit";
}
/** Two slots: this row, then `lddwHigh`, whose imm is the upper half. */
export interface LddwRow extends RowBase {
  readonly kind: "lddw";
  readonly source: LddwSource;
}
export interface LddwHighRow extends RowBase {
  readonly kind: "lddwHigh";
}
export interface LoadRow extends RowBase {
  readonly kind: "load";
  readonly mode: Mode;
  readonly size: Size;
  readonly signed: boolean;
}
export interface StoreImmRow extends RowBase {
  readonly kind: "storeImm";
  readonly mode: Mode;
  readonly size: Size;
}
export interface StoreRow extends RowBase {
  readonly kind: "store";
  readonly mode: Mode;
  readonly size: Size;
}
export interface AtomicRow extends RowBase {
  readonly kind: "atomic";
  readonly mode: Mode;
  readonly op: AtomicOp;
  readonly size: 4 | 8;
  /** The old value goes to src (to r0 for cmpxchg). */
  readonly fetch: boolean;
  readonly symbol: string;
}
/** A load that no later access of the same CPU may pass, zero-extended. */
export interface LoadAcquireRow extends RowBase {
  readonly kind: "loadAcquire";
  readonly mode: Mode;
  readonly size: Size;
}
/** A store that may not pass an earlier access of the same CPU. */
export interface StoreReleaseRow extends RowBase {
  readonly kind: "storeRelease";
  readonly mode: Mode;
  readonly size: Size;
}
/**
 * Big-endian bytes of the packet into r0, at `imm` (and `src` for `ind`); r6 holds the context. Where they are not all
 * there, the function ends and r0 is 0. Leaves r1 to r5 as a call does.
 */
export interface LegacyLoadRow extends RowBase {
  readonly kind: "legacyLoad";
  readonly mode: "abs" | "ind";
  readonly size: Exclude<Size, 8>;
}
/** Falls through while the budget of the function's call lasts, and then jumps. */
export interface MayGotoRow extends RowBase {
  readonly kind: "mayGoto";
}
/** Goes to the instruction whose address the register holds: one that an instruction array had. */
export interface GotoxRow extends RowBase {
  readonly kind: "gotox";
}
/**
 * An argument beyond five, 8 bytes: a function loads its own at 8, 16, .. from R11, before it stores one or calls, and
 * stores those of a call at -8, -16, ... No register has the number 11.
 */
export interface StackArgumentRow extends RowBase {
  readonly kind: "stackArgument";
  readonly op: "load" | "store" | "storeImm";
}
/** Forms without a user-visible meaning, made by the verifier, and forms that need an arena. */
export interface KernelRow extends RowBase {
  readonly kind: "kernel";
  readonly op: "tailCall" | "percpu" | "castUser" | "castKernel" | "nospec";
}
export type Row =
  | AluRow
  | NegRow
  | MovsxRow
  | EndRow
  | JaRow
  | JumpRow
  | CallRow
  | ExitRow
  | LddwRow
  | LddwHighRow
  | LoadRow
  | StoreImmRow
  | StoreRow
  | AtomicRow
  | LoadAcquireRow
  | StoreReleaseRow
  | LegacyLoadRow
  | MayGotoRow
  | GotoxRow
  | StackArgumentRow
  | KernelRow;
