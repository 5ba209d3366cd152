// What a decoded word asks for: one number an operation, width and flag setting included, so that the interpreter's
// switch leaves nothing to decide. Names end in the width of the result.

export const enum Op {
  RENEW, // of no word yet: what memory starts as
  UNKNOWN,
  CONST, // rd = imm: MOVZ, MOVN
  MOVK64,
  MOVK32,
  ADR,
  ADD_IMM64, // SUB adds a negative imm
  ADD_IMM32,
  ADDS_IMM64,
  ADDS_IMM32,
  SUBS_IMM64,
  SUBS_IMM32,
  AND_IMM, // of both widths, as imm has no upper half for 32
  ORR_IMM64,
  ORR_IMM32,
  EOR_IMM64,
  EOR_IMM32,
  ANDS_IMM64,
  ANDS_IMM32,
  ADD64,
  ADD32,
  SUB64,
  SUB32,
  AND64,
  ORR64,
  EOR64,
  AND32,
  ORR32,
  EOR32,
  ADD_SHIFTED64, // imm: shift kind, and its amount in the second byte
  ADD_SHIFTED32,
  SUB_SHIFTED64,
  SUB_SHIFTED32,
  ADDS64,
  ADDS32,
  SUBS64,
  SUBS32,
  LOGICAL64, // imm: shift kind, amount, operation in the third byte, invert in the fourth
  LOGICAL32,
  UBFM64, // left by the first byte of imm, then right by the second
  SBFM64,
  UBFM32,
  SBFM32,
  UDIV64,
  UDIV32,
  SDIV64,
  SDIV32,
  LSLV64,
  LSLV32,
  LSRV64,
  LSRV32,
  ASRV64,
  ASRV32,
  MADD64, // imm: the register of the addend
  MADD32,
  MSUB64,
  MSUB32,
  REV16_64,
  REV16_32,
  REV32_64,
  REV64,
  REV32,
  LDRB, // base + imm; the order of these thirteen is that of the next thirteen
  LDRH,
  LDR32,
  LDR64,
  LDRSB64,
  LDRSB32,
  LDRSH64,
  LDRSH32,
  LDRSW,
  STRB,
  STRH,
  STR32,
  STR64,
  LDRB_REG, // base + index; imm: how the index is extended, and its shift in the second byte
  LDRH_REG,
  LDR32_REG,
  LDR64_REG,
  LDRSB64_REG,
  LDRSB32_REG,
  LDRSH64_REG,
  LDRSH32_REG,
  LDRSW_REG,
  STRB_REG,
  STRH_REG,
  STR32_REG,
  STR64_REG,
  LDR_LITERAL64,
  LDR_LITERAL32,
  LDP, // rm is the second register
  LDP_PRE,
  LDP_POST,
  STP,
  STP_PRE,
  STP_POST,
  LDXR64,
  LDXR32,
  STXR64, // rm is the status register
  STXR32,
  ATOMIC64, // imm: which
  ATOMIC32,
  CAS64, // rm is the register that is compared and loaded
  CAS32,
  B,
  BL,
  B_EQ, // the sixteen conditions in the order of their encoding
  B_NE,
  B_CS,
  B_CC,
  B_MI,
  B_PL,
  B_VS,
  B_VC,
  B_HI,
  B_LS,
  B_GE,
  B_LT,
  B_GT,
  B_LE,
  B_AL,
  B_NV,
  CBZ64,
  CBNZ64,
  CBZ32,
  CBNZ32,
  BR,
  BLR,
  RET,
  NOTHING,
  PACIASP,
  AUTIASP,
  BRK,
  STOP, // not of a word: the address is one to stop at
}

/** How the index of an access is extended. */
export const enum Extension {
  WHOLE,
  UXTW,
  SXTW,
}

export const enum Shift {
  LSL,
  LSR,
  ASR,
  ROR,
}

/** `imm` of ATOMIC*. */
export const enum Atomic {
  ADD,
  CLEAR,
  EOR,
  SET,
  SWAP,
}

/** Offsets in a record. The word is at 0. */
export const OP: usize = 4;
export const RD: usize = 5;
export const RN: usize = 6;
export const RM: usize = 7;
export const IMM: usize = 8;
