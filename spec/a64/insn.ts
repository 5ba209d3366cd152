// What an A64 word can say: one type per instruction class of the Arm Architecture Reference Manual (DDI 0487), holding
// its decoded operands. Only what the arm64 BPF JIT and its trampolines emit, and close relatives whose meaning is
// as plain, are here. `decode.ts` makes these values, `execute.ts` gives them meaning, `text.ts` writes them.
// The pages that describe each class are cited by name, as the manual's section numbers move between issues.

export type Width = 32 | 64;
export type AccessBytes = 1 | 2 | 4 | 8;

/** 0..30 are X0..X30. The two readings of encoding 31 have numbers of their own, so that an operand says which it is. */
export type Reg = number;
/** Reads as zero, ignores writes. */
export const ZR = 31;
/** The stack pointer. */
export const SP = 32;

/** ADD, ADDS, SUB, SUBS (immediate). */
export interface AddSubImmediate {
  readonly kind: "addSubImmediate";
  readonly op: "add" | "sub";
  readonly setFlags: boolean;
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  /** 12 bits, before the shift. */
  readonly imm12: number;
  readonly shift: 0 | 12;
  /** The operand: imm12 << shift. */
  readonly value: bigint;
}

export const SHIFTS = ["lsl", "lsr", "asr", "ror"] as const;
export type Shift = (typeof SHIFTS)[number];

/** ADD, ADDS, SUB, SUBS (shifted register). */
export interface AddSubShifted {
  readonly kind: "addSubShifted";
  readonly op: "add" | "sub";
  readonly setFlags: boolean;
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  readonly rm: Reg;
  readonly shift: Exclude<Shift, "ror">;
  readonly amount: number;
}

/** AND, ORR, EOR, ANDS (immediate). */
export interface LogicalImmediate {
  readonly kind: "logicalImmediate";
  readonly op: "and" | "orr" | "eor" | "ands";
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  /** The decoded bit pattern, `width` bits. */
  readonly value: bigint;
}

/** AND, BIC, ORR, ORN, EOR, EON, ANDS, BICS (shifted register). */
export interface LogicalShifted {
  readonly kind: "logicalShifted";
  readonly op: "and" | "orr" | "eor" | "ands";
  /** The second operand is inverted: BIC, ORN, EON, BICS. */
  readonly invert: boolean;
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  readonly rm: Reg;
  readonly shift: Shift;
  readonly amount: number;
}

/** MOVN, MOVZ, MOVK. */
export interface MoveWide {
  readonly kind: "moveWide";
  readonly op: "movn" | "movz" | "movk";
  readonly width: Width;
  readonly rd: Reg;
  readonly imm16: number;
  readonly shift: 0 | 16 | 32 | 48;
}

/** SBFM, UBFM. */
export interface Bitfield {
  readonly kind: "bitfield";
  readonly op: "sbfm" | "ubfm";
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  readonly immr: number;
  readonly imms: number;
}

/** UDIV, SDIV, LSLV, LSRV, ASRV. */
export interface TwoSource {
  readonly kind: "twoSource";
  readonly op: "udiv" | "sdiv" | "lslv" | "lsrv" | "asrv";
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  readonly rm: Reg;
}

/** MADD, MSUB. */
export interface ThreeSource {
  readonly kind: "threeSource";
  readonly op: "madd" | "msub";
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
  readonly rm: Reg;
  readonly ra: Reg;
}

/** REV16, REV32, REV: reverse the bytes of each `bits`-bit container. */
export interface Reverse {
  readonly kind: "reverse";
  readonly bits: 16 | 32 | 64;
  readonly width: Width;
  readonly rd: Reg;
  readonly rn: Reg;
}

/** ADR. */
interface Address {
  readonly kind: "address";
  readonly rd: Reg;
  /** Bytes from this instruction. */
  readonly offset: number;
}

interface SingleAccess {
  readonly op: "load" | "store";
  readonly bytes: AccessBytes;
  /** Loads: sign-extend to `width`, else zero-extend. */
  readonly signed: boolean;
  /** Of the register that is loaded or stored. */
  readonly width: Width;
  readonly rt: Reg;
  readonly rn: Reg;
}
/** LDR, LDRB, LDRH, LDRSB, LDRSH, LDRSW, STR, STRB, STRH (immediate), unsigned offset. */
export interface AccessImmediate extends SingleAccess {
  readonly kind: "accessImmediate";
  /** Bytes, a multiple of the access size. */
  readonly offset: number;
  readonly offsetValue: bigint;
}
export type Extend = "uxtw" | "lsl" | "sxtw" | "sxtx";
/** The same, (register). */
export interface AccessRegister extends SingleAccess {
  readonly kind: "accessRegister";
  readonly rm: Reg;
  readonly extend: Extend;
  /** The S bit: the offset is scaled by the access size. For bytes it changes only the text. */
  readonly scaled: boolean;
}
/** LDR (literal). */
export interface LoadLiteral {
  readonly kind: "loadLiteral";
  readonly width: Width;
  readonly rt: Reg;
  /** Bytes from this instruction. */
  readonly offset: number;
}
/** LDP, STP of 64-bit registers. */
export interface AccessPair {
  readonly kind: "accessPair";
  readonly op: "load" | "store";
  readonly mode: "offset" | "pre" | "post";
  readonly rt: Reg;
  readonly rt2: Reg;
  readonly rn: Reg;
  /** Bytes, a multiple of 8. */
  readonly offset: number;
}
/** LDXR, LDAXR. */
export interface LoadExclusive {
  readonly kind: "loadExclusive";
  readonly acquire: boolean;
  readonly width: Width;
  readonly rt: Reg;
  readonly rn: Reg;
}
/** STXR, STLXR. */
export interface StoreExclusive {
  readonly kind: "storeExclusive";
  readonly release: boolean;
  readonly width: Width;
  /** Gets 0 if the store was made, 1 if not. */
  readonly rs: Reg;
  readonly rt: Reg;
  readonly rn: Reg;
}
/** LDADD, LDCLR, LDEOR, LDSET, SWP and their A, L, AL forms: memory = old op rs, rt = old. */
export interface AtomicMemory {
  readonly kind: "atomicMemory";
  readonly op: "add" | "clr" | "eor" | "set" | "swp";
  readonly acquire: boolean;
  readonly release: boolean;
  readonly width: Width;
  readonly rs: Reg;
  readonly rt: Reg;
  readonly rn: Reg;
}
/** CAS, CASA, CASL, CASAL: if memory = rs then memory = rt; rs = old. */
export interface CompareAndSwap {
  readonly kind: "compareAndSwap";
  readonly acquire: boolean;
  readonly release: boolean;
  readonly width: Width;
  readonly rs: Reg;
  readonly rt: Reg;
  readonly rn: Reg;
}

/** B, BL. Offsets of branches are bytes from the branch. */
interface Branch {
  readonly kind: "branch";
  readonly link: boolean;
  readonly offset: number;
}
/** B.cond. */
interface BranchConditional {
  readonly kind: "branchConditional";
  /** 4 bits, see `condition.ts`. */
  readonly condition: number;
  readonly offset: number;
}
/** CBZ, CBNZ. */
interface CompareAndBranch {
  readonly kind: "compareAndBranch";
  readonly nonzero: boolean;
  readonly width: Width;
  readonly rt: Reg;
  readonly offset: number;
}
/** BR, BLR, RET. */
export interface BranchRegister {
  readonly kind: "branchRegister";
  readonly op: "br" | "blr" | "ret";
  readonly rn: Reg;
}

/** HINT: NOP, PACIASP, AUTIASP, BTI, CLRBHB and others. */
export interface Hint {
  readonly kind: "hint";
  readonly imm7: number;
}
/** DMB, DSB (with SSBB and PSSBB), ISB. */
export interface Barrier {
  readonly kind: "barrier";
  readonly op: "dmb" | "dsb" | "isb";
  /** CRm. */
  readonly option: number;
}
export type SystemRegister = "tpidr_el1" | "tpidr_el2" | "sp_el0";
/** MRS of one of the three registers where a kernel keeps its per-CPU base and current task. */
interface ReadSystem {
  readonly kind: "readSystem";
  readonly register: SystemRegister;
  readonly rt: Reg;
}
/** BRK, HVC, SMC. */
export interface Exception {
  readonly kind: "exception";
  readonly op: "brk" | "hvc" | "smc";
  readonly imm16: number;
}

export type A64Insn =
  | AddSubImmediate
  | AddSubShifted
  | LogicalImmediate
  | LogicalShifted
  | MoveWide
  | Bitfield
  | TwoSource
  | ThreeSource
  | Reverse
  | Address
  | AccessImmediate
  | AccessRegister
  | LoadLiteral
  | AccessPair
  | LoadExclusive
  | StoreExclusive
  | AtomicMemory
  | CompareAndSwap
  | Branch
  | BranchConditional
  | CompareAndBranch
  | BranchRegister
  | Hint
  | Barrier
  | ReadSystem
  | Exception;
export type A64Kind = A64Insn["kind"];
