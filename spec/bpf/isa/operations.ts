// The operations, one row each: arithmetic, comparisons, atomics, and what a constant or a call refers to. Rows of the
// instruction table are made of them.

/** Binary arithmetic: RFC 9669 section 4.1. `off: 1` marks the signed division and modulo. */
export const ALU = [
  { op: "add", code: 0x00, symbol: "+=", imm: "any", off: 0 },
  { op: "sub", code: 0x10, symbol: "-=", imm: "any", off: 0 },
  { op: "mul", code: 0x20, symbol: "*=", imm: "any", off: 0 },
  { op: "div", code: 0x30, symbol: "/=", imm: "divisor", off: 0 },
  { op: "sdiv", code: 0x30, symbol: "s/=", imm: "divisor", off: 1 },
  { op: "or", code: 0x40, symbol: "|=", imm: "any", off: 0 },
  { op: "and", code: 0x50, symbol: "&=", imm: "any", off: 0 },
  { op: "lsh", code: 0x60, symbol: "<<=", imm: "shift", off: 0 },
  { op: "rsh", code: 0x70, symbol: ">>=", imm: "shift", off: 0 },
  { op: "mod", code: 0x90, symbol: "%=", imm: "divisor", off: 0 },
  { op: "smod", code: 0x90, symbol: "s%=", imm: "divisor", off: 1 },
  { op: "xor", code: 0xa0, symbol: "^=", imm: "any", off: 0 },
  { op: "mov", code: 0xb0, symbol: "=", imm: "any", off: 0 },
  { op: "arsh", code: 0xc0, symbol: "s>>=", imm: "shift", off: 0 },
] as const;
export type AluOp = (typeof ALU)[number]["op"];

/** Conditional jumps: RFC 9669 section 4.3. */
export const JUMP = [
  { op: "jeq", code: 0x10, symbol: "==", cpu: 1 },
  { op: "jgt", code: 0x20, symbol: ">", cpu: 1 },
  { op: "jge", code: 0x30, symbol: ">=", cpu: 1 },
  { op: "jset", code: 0x40, symbol: "&", cpu: 1 },
  { op: "jne", code: 0x50, symbol: "!=", cpu: 1 },
  { op: "jsgt", code: 0x60, symbol: "s>", cpu: 1 },
  { op: "jsge", code: 0x70, symbol: "s>=", cpu: 1 },
  { op: "jlt", code: 0xa0, symbol: "<", cpu: 2 },
  { op: "jle", code: 0xb0, symbol: "<=", cpu: 2 },
  { op: "jslt", code: 0xc0, symbol: "s<", cpu: 2 },
  { op: "jsle", code: 0xd0, symbol: "s<=", cpu: 2 },
] as const;
export type JumpOp = (typeof JUMP)[number]["op"];

/** Atomic operations: RFC 9669 section 5.3. `imm` is the operation, without the fetch bit. */
export const ATOMIC = [
  { op: "add", imm: 0x00, symbol: "+=", plain: true },
  { op: "or", imm: 0x40, symbol: "|=", plain: true },
  { op: "and", imm: 0x50, symbol: "&=", plain: true },
  { op: "xor", imm: 0xa0, symbol: "^=", plain: true },
  { op: "xchg", imm: 0xe0, symbol: "xchg", plain: false },
  { op: "cmpxchg", imm: 0xf0, symbol: "cmpxchg", plain: false },
] as const;
export type AtomicOp = (typeof ATOMIC)[number]["op"];
/** Of the immediate: the old value is wanted. */
export const FETCH = 0x01;

/** Where the 64-bit immediate comes from: RFC 9669 section 5.4. */
export const LDDW = [
  { source: "imm64", src: 0 },
  { source: "mapFd", src: 1 },
  { source: "mapFdValue", src: 2 },
  { source: "variable", src: 3 },
  { source: "code", src: 4 },
  { source: "mapIndex", src: 5 },
  { source: "mapIndexValue", src: 6 },
] as const;
export type LddwSource = (typeof LDDW)[number]["source"];

/** What a call's target is: RFC 9669 section 4.3.1. */
export const CALL = [
  { target: "helper", src: 0, imm: "helper" },
  { target: "local", src: 1, imm: "func" },
  { target: "kfunc", src: 2, imm: "helper" },
] as const;
export type CallTarget = (typeof CALL)[number]["target"];
