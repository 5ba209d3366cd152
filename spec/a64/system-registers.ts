// The system registers that kernel code reads and writes without changing how later words are executed: names, encodings
// and what they hold after reset (DDI 0487, chapter D24). One table for decoders, text and engines.

/** op0, op1, CRn, CRm, op2. */
type Encoding = readonly [number, number, number, number, number];

interface SystemRegisterRow {
  readonly encoding: Encoding;
  /** After reset. Identification registers describe the processor: Armv8.0 with nothing beyond that is modelled. */
  readonly reset: bigint;
  /** The bits that a write changes; none if it may not be written. */
  readonly mask: bigint;
}

const WHOLE = 0xffff_ffff_ffff_ffffn;
const state = (...encoding: Encoding): SystemRegisterRow => ({ encoding, reset: 0n, mask: WHOLE });
/** A field of PSTATE, in its place. */
const field = (mask: bigint, ...encoding: Encoding): SystemRegisterRow => ({ encoding, reset: 0n, mask });
const constant = (reset: bigint, ...encoding: Encoding): SystemRegisterRow => ({ encoding, reset, mask: 0n });

/** CTR_EL0: lines of 64 bytes; IDC and DIC clear, so that all cache maintenance is needed. */
const CACHE_TYPE = 0x8444_c004n;
/** DCZID_EL0: DC ZVA clears 64 bytes. */
const ZERO_BLOCK = 4n;

/** The order is that of `SYSTEM_REGISTER_NAMES`. */
export const SYSTEM_REGISTERS = {
  tpidr_el1: state(3, 0, 13, 0, 4),
  tpidr_el2: state(3, 4, 13, 0, 2),
  sp_el0: state(3, 0, 4, 1, 0),
  nzcv: field(0xf000_0000n, 3, 3, 4, 2, 0),
  daif: field(0x3c0n, 3, 3, 4, 2, 1),
  tpidr_el0: state(3, 3, 13, 0, 2),
  tpidrro_el0: state(3, 3, 13, 0, 3),
  pan: field(1n << 22n, 3, 0, 4, 2, 3),
  uao: field(1n << 23n, 3, 0, 4, 2, 4),
  dit: field(1n << 24n, 3, 3, 4, 2, 5),
  ssbs: field(1n << 12n, 3, 3, 4, 2, 6),
  spsr_el1: state(3, 0, 4, 0, 0),
  elr_el1: state(3, 0, 4, 0, 1),
  esr_el1: state(3, 0, 5, 2, 0),
  far_el1: state(3, 0, 6, 0, 0),
  par_el1: state(3, 0, 7, 4, 0),
  sctlr_el1: state(3, 0, 1, 0, 0),
  cpacr_el1: state(3, 0, 1, 0, 2),
  ttbr0_el1: state(3, 0, 2, 0, 0),
  ttbr1_el1: state(3, 0, 2, 0, 1),
  tcr_el1: state(3, 0, 2, 0, 2),
  mair_el1: state(3, 0, 10, 2, 0),
  vbar_el1: state(3, 0, 12, 0, 0),
  contextidr_el1: state(3, 0, 13, 0, 1),
  cntkctl_el1: state(3, 0, 14, 1, 0),
  mdscr_el1: state(2, 0, 0, 2, 2),
  currentel: constant(4n, 3, 0, 4, 2, 2),
  spsel: constant(1n, 3, 0, 4, 2, 0),
  ctr_el0: constant(CACHE_TYPE, 3, 3, 0, 0, 1),
  dczid_el0: constant(ZERO_BLOCK, 3, 3, 0, 0, 7),
  cntfrq_el0: constant(62_500_000n, 3, 3, 14, 0, 0),
  midr_el1: constant(0x410f_d083n, 3, 0, 0, 0, 0),
  mpidr_el1: constant(0x8000_0000n, 3, 0, 0, 0, 5),
  revidr_el1: constant(0n, 3, 0, 0, 0, 6),
  id_aa64pfr0_el1: constant(0x11n, 3, 0, 0, 4, 0),
  id_aa64pfr1_el1: constant(0n, 3, 0, 0, 4, 1),
  id_aa64zfr0_el1: constant(0n, 3, 0, 0, 4, 4),
  id_aa64dfr0_el1: constant(6n, 3, 0, 0, 5, 0),
  id_aa64dfr1_el1: constant(0n, 3, 0, 0, 5, 1),
  id_aa64isar0_el1: constant(0n, 3, 0, 0, 6, 0),
  id_aa64isar1_el1: constant(0n, 3, 0, 0, 6, 1),
  id_aa64isar2_el1: constant(0n, 3, 0, 0, 6, 2),
  id_aa64mmfr0_el1: constant(0x1122n, 3, 0, 0, 7, 0),
  id_aa64mmfr1_el1: constant(0n, 3, 0, 0, 7, 1),
  id_aa64mmfr2_el1: constant(0n, 3, 0, 0, 7, 2),
} as const satisfies Record<string, SystemRegisterRow>;

export type SystemRegisterName = keyof typeof SYSTEM_REGISTERS;
export const SYSTEM_REGISTER_NAMES = Object.keys(SYSTEM_REGISTERS) as readonly SystemRegisterName[];

/** The register of an MRS or MSR that has no name here, as assemblers write it; undefined for any other word. */
export function unnamedRegister(word: number): string | undefined {
  if ((word & 0xffd0_0000) >>> 0 !== 0xd510_0000) return undefined;
  const [op0, op1] = [2 + ((word >>> 19) & 1), (word >>> 16) & 7];
  return `S${op0}_${op1}_C${(word >>> 12) & 15}_C${(word >>> 8) & 15}_${(word >>> 5) & 7}`;
}

/** Bits 19..5 of the MRS or MSR of the register: op0 without its fixed upper bit, op1, CRn, CRm, op2. */
export const encodedSystemRegister = ([op0, op1, crn, crm, op2]: Encoding): number =>
  ((op0 & 1) << 14) | (op1 << 11) | (crn << 7) | (crm << 3) | op2;
