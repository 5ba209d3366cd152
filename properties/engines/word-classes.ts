// Where to look for words of each class of A64 instructions: the bits that a class fixes and those that are free. Some of
// the words so made are refused, as not every combination of free bits has a meaning; nearly all classes take most.

import type { A64Kind } from "../../spec/a64/insn.js";

export interface WordClass {
  readonly kind: A64Kind;
  readonly fixed: number;
  readonly free: number;
  /** Lowest bit and width of an offset that is in units of four bytes from the instruction. */
  readonly offset?: readonly [number, number];
}

const NEAR = [5, 19] as const;

export const WORD_CLASSES: readonly WordClass[] = [
  { kind: "address", fixed: 0x1000_0000, free: 0x60ff_ffff, offset: NEAR },
  { kind: "addSubImmediate", fixed: 0x1100_0000, free: 0xe07f_ffff },
  { kind: "addSubShifted", fixed: 0x0b00_0000, free: 0xe0df_ffff },
  { kind: "addSubShifted", fixed: 0x0b00_0000, free: 0xe01f_03ff },
  { kind: "logicalImmediate", fixed: 0x1200_0000, free: 0xe07f_ffff },
  { kind: "logicalShifted", fixed: 0x0a00_0000, free: 0xe0ff_ffff },
  { kind: "logicalShifted", fixed: 0x0a00_0000, free: 0xe03f_03ff },
  { kind: "moveWide", fixed: 0x1280_0000, free: 0xe07f_ffff },
  { kind: "bitfield", fixed: 0x9340_0000, free: 0x403f_ffff },
  { kind: "bitfield", fixed: 0x1300_0000, free: 0x401f_7fff },
  { kind: "twoSource", fixed: 0x1ac0_0800, free: 0x801f_07ff },
  { kind: "twoSource", fixed: 0x1ac0_2000, free: 0x801f_0fff },
  { kind: "threeSource", fixed: 0x1b00_0000, free: 0x801f_ffff },
  { kind: "reverse", fixed: 0x5ac0_0000, free: 0x8000_0fff },
  { kind: "accessImmediate", fixed: 0x3900_0000, free: 0xc0ff_ffff },
  { kind: "accessRegister", fixed: 0x3820_4800, free: 0xc0df_b3ff },
  { kind: "loadLiteral", fixed: 0x1800_0000, free: 0x40ff_ffff, offset: NEAR },
  { kind: "accessPair", fixed: 0xa800_0000, free: 0x01ff_ffff },
  { kind: "loadExclusive", fixed: 0x885f_7c00, free: 0x4000_83ff },
  { kind: "storeExclusive", fixed: 0x8800_7c00, free: 0x401f_83ff },
  { kind: "atomicMemory", fixed: 0xb820_0000, free: 0x40df_33ff },
  { kind: "atomicMemory", fixed: 0xb820_8000, free: 0x40df_03ff },
  { kind: "compareAndSwap", fixed: 0x88a0_7c00, free: 0x405f_83ff },
  { kind: "branch", fixed: 0x1400_0000, free: 0x83ff_ffff, offset: [0, 26] },
  { kind: "branchConditional", fixed: 0x5400_0000, free: 0x00ff_ffef, offset: NEAR },
  { kind: "compareAndBranch", fixed: 0x3400_0000, free: 0x81ff_ffff, offset: NEAR },
  { kind: "branchRegister", fixed: 0xd61f_0000, free: 0x0060_03e0 },
  { kind: "hint", fixed: 0xd503_201f, free: 0x0000_0fe0 },
  { kind: "barrier", fixed: 0xd503_309f, free: 0x0000_0f60 },
  { kind: "readSystem", fixed: 0xd538_d080, free: 0x0000_001f },
  { kind: "readSystem", fixed: 0xd53c_d040, free: 0x0000_001f },
  { kind: "readSystem", fixed: 0xd538_4100, free: 0x0000_001f },
  { kind: "exception", fixed: 0xd420_0000, free: 0x001f_ffe0 },
  { kind: "exception", fixed: 0xd400_0002, free: 0x001f_ffe1 },
];
