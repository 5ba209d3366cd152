// What a decoded word asks for: one number an operation, width and flag setting included, so that the interpreter's
// switch leaves nothing to decide. Names end in the width of the result.

export const enum Op {
  RENEW, // of no word yet: what memory starts as
  UNKNOWN,
  CONST, // rd = imm: MOVZ, MOVN
  MOVK64,
  MOVK32,
  ADR,
  ADRP,
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
  ADD_EXTENDED64, // imm: how the register is extended, and its shift in the second byte
  ADD_EXTENDED32,
  SUB_EXTENDED64,
  SUB_EXTENDED32,
  ADDS_EXTENDED64,
  ADDS_EXTENDED32,
  SUBS_EXTENDED64,
  SUBS_EXTENDED32,
  ADC64, // imm: all ones to subtract
  ADC32,
  ADCS64,
  ADCS32,
  CCMP64, // imm: condition, flags if it does not hold, whether rm is a number
  CCMP32,
  CCMN64,
  CCMN32,
  CSEL64, // imm: condition, and what is done with rm in the second byte: 1 is invert, 2 is increment
  CSEL32,
  LOGICAL64, // imm: shift kind, amount, operation in the third byte, invert in the fourth
  LOGICAL32,
  UBFM64, // left by the first byte of imm, then right by the second
  SBFM64,
  UBFM32,
  SBFM32,
  BFM64,
  BFM32,
  EXTR64, // imm: the lowest bit
  EXTR32,
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
  RORV64,
  RORV32,
  CRC32, // imm: bytes, and whether by Castagnoli's polynomial in the second byte
  MADD64, // imm: the register of the addend
  MADD32,
  MSUB64,
  MSUB32,
  SMADDL,
  SMSUBL,
  UMADDL,
  UMSUBL,
  SMULH,
  UMULH,
  RBIT64,
  RBIT32,
  CLZ64,
  CLZ32,
  CLS64,
  CLS32,
  REV16_64,
  REV16_32,
  REV32_64,
  REV64,
  REV32,
  LDRB, // base + imm; the order of these thirteen is that of all the thirteens
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
  LDRB_PRE, // base + imm, which is written back
  LDRH_PRE,
  LDR32_PRE,
  LDR64_PRE,
  LDRSB64_PRE,
  LDRSB32_PRE,
  LDRSH64_PRE,
  LDRSH32_PRE,
  LDRSW_PRE,
  STRB_PRE,
  STRH_PRE,
  STR32_PRE,
  STR64_PRE,
  LDRB_POST, // base, to which imm is added
  LDRH_POST,
  LDR32_POST,
  LDR64_POST,
  LDRSB64_POST,
  LDRSB32_POST,
  LDRSH64_POST,
  LDRSH32_POST,
  LDRSW_POST,
  STRB_POST,
  STRH_POST,
  STR32_POST,
  STR64_POST,
  LDR_ORDERED, // base + imm, aligned; rm: which of the thirteen
  STR_ORDERED,
  LDR_LITERAL64,
  LDR_LITERAL32,
  LDRSW_LITERAL,
  LDP64, // rm is the second register; each is followed by its forms that write the base back
  LDP64_PRE,
  LDP64_POST,
  LDP32,
  LDP32_PRE,
  LDP32_POST,
  LDPSW,
  LDPSW_PRE,
  LDPSW_POST,
  STP64,
  STP64_PRE,
  STP64_POST,
  STP32,
  STP32_PRE,
  STP32_POST,
  LDXR8, // sizes follow each other in these
  LDXR16,
  LDXR32,
  LDXR64,
  STXR8, // rm is the status register
  STXR16,
  STXR32,
  STXR64,
  LDXP32, // imm: the second register
  LDXP64,
  STXP32, // rm is the status register; imm: the second register
  STXP64,
  ATOMIC8, // imm: which
  ATOMIC16,
  ATOMIC32,
  ATOMIC64,
  CAS8, // rm is the register that is compared and loaded; imm: where it is written
  CAS16,
  CAS32,
  CAS64,
  CASP32, // the same, the first of two each
  CASP64,
  CLREX,
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
  TBZ, // rm: the bit
  TBNZ,
  BR,
  BLR,
  RET,
  NOTHING,
  PACIASP,
  AUTIASP,
  STRIP, // XPACI, XPACD, XPACLRI
  READ_FLAGS,
  WRITE_FLAGS,
  CLEAN_LINE,
  INVALIDATE_LINE,
  ZERO_LINE,
  COMPLETE, // DSB
  SYNCHRONIZE, // ISB
  MAINTAIN, // all else that the machine must be told of; imm: the word
  BRK,
  STOP, // not of a word: the address is one to stop at
}

/** How a register is extended, as in the word. */
export const enum Extension {
  UXTB,
  UXTH,
  UXTW,
  UXTX,
  SXTB,
  SXTH,
  SXTW,
  SXTX,
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
  SMAX,
  SMIN,
  UMAX,
  UMIN,
  SWAP,
}

/** Offsets in a record. The word is at 0. */
export const OP: usize = 4;
export const RD: usize = 5;
export const RN: usize = 6;
export const RM: usize = 7;
export const IMM: usize = 8;
