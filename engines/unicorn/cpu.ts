// One emulated CPU: its registers in an array that both sides see, and the set-up that makes it the one that the other
// engines model: EL1, MMU off (the page table is the machine's, see `pages.ts`), pointer authentication on.

import { must, PERMISSION, type Pointer, type UnicornLibrary } from "./library.js";

/** Numbers of uc_arm64_reg. */
const REGISTER = { x0: 199, x29: 1, x30: 2, nzcv: 3, sp: 4, pc: 260, tpidrEl1: 264, spEl0: 270, system: 290 } as const;

/** Index of SP and of the flags in `Cpu.x`: X0..X30 come first, and 31 is always zero. */
export const SP = 32;
const NZCV = 33;
const SLOTS = 34;
const NZCV_SHIFT = 28n;

/** No kernel address, so that no machine has memory there. Executable only. */
const STUB = 0x5a5a_0000_0000;
const STUB_BYTES = 4096;
const CLREX = 0xd503_3f5f;
/** msr sctlr_el1, x0; isb. */
const SET_SCTLR = [0xd518_1000, 0xd503_3fdf];

/** SCR_EL3: lower levels are non-secure AArch64 and may use pointer authentication and HVC. */
const SCR_EL3 = { op0: 3, op1: 6, crn: 1, crm: 1, op2: 0, value: 0x3_0501n };
/** HCR_EL2: EL1 may use pointer authentication and its keys. */
const HCR_EL2 = { op0: 3, op1: 4, crn: 1, crm: 1, op2: 0, value: 0x300_0000_0000n };
/** CPACR_EL1: floating point is not trapped. With SVE this emulator aborts. */
const CPACR_EL1 = { op0: 3, op1: 0, crn: 1, crm: 0, op2: 2, value: 0x30_0000n };
/** TCR_EL1: 48 address bits in both halves. */
const TCR_EL1 = { op0: 3, op1: 0, crn: 2, crm: 0, op2: 2, value: 0x10_0010n };
/** EnIA, and what reads as one. */
const SCTLR_EL1 = 0x80c5_0838n;

export class Cpu {
  readonly uc: Pointer;
  /** Copied to and from the CPU by `write` and `read`. */
  readonly x = new BigUint64Array(new ArrayBuffer(SLOTS * 8));
  private readonly ids: Int32Array;
  private readonly pointers: BigUint64Array;
  private readonly scratch = new BigInt64Array(new ArrayBuffer(256), 0, 1);
  /** Must live as long as the CPU does. */
  private readonly stub = new Uint8Array(new ArrayBuffer(STUB_BYTES));

  constructor(readonly library: UnicornLibrary) {
    this.uc = library.open();
    const slots = [...Array.from({ length: 31 }, (_, reg) => reg), SP, NZCV];
    this.ids = Int32Array.from(slots, idOf);
    const base = library.addressOf(this.x);
    this.pointers = BigUint64Array.from(slots, (slot) => base + BigInt(8 * slot));
    this.setUp();
  }

  get pc(): number | bigint {
    must(this.library.readRegister(this.uc, REGISTER.pc, this.scratch), "read pc");
    return narrow(this.scratch[0]!);
  }

  get sp(): bigint {
    must(this.library.readRegister(this.uc, REGISTER.sp, this.scratch), "read sp");
    return BigInt.asUintN(64, this.scratch[0]!);
  }

  /** N, Z, C, V from bit 3 down; of `x`, not of the CPU. */
  get nzcv(): number {
    return Number(this.x[NZCV]! >> NZCV_SHIFT) & 15;
  }
  set nzcv(flags: number) {
    this.x[NZCV] = BigInt(flags) << NZCV_SHIFT;
  }

  /** Registers and flags from the CPU into `x`. */
  read(): void {
    must(this.library.readRegisters(this.uc, this.ids, this.pointers, this.ids.length), "read registers");
  }

  /** Registers and flags from `x` into the CPU. */
  write(): void {
    must(this.library.writeRegisters(this.uc, this.ids, this.pointers, this.ids.length), "write registers");
  }

  /** X0..X30, or SP for 31. */
  readBase(reg: number): bigint {
    must(this.library.readRegister(this.uc, idOf(reg === 31 ? SP : reg), this.scratch), `read base ${reg}`);
    return BigInt.asUintN(64, this.scratch[0]!);
  }

  /** X0..X30; 31 is ignored. */
  writeX(reg: number, value: bigint): void {
    if (reg <= 30) this.set(idOf(reg), value);
  }

  /** X0..X30, or SP for 31. */
  addToBase(reg: number, bytes: number): void {
    this.set(idOf(reg === 31 ? SP : reg), this.readBase(reg) + BigInt(bytes));
  }

  setSystem(spEl0: bigint, tpidrEl1: bigint): void {
    this.set(REGISTER.spEl0, spEl0);
    this.set(REGISTER.tpidrEl1, tpidrEl1);
  }

  /** Floating point may be used, which kernel code may not. */
  allowFloats(): void {
    this.setSystemRegister(CPACR_EL1);
    this.setControl();
  }

  /** End a reservation of the exclusive monitor. */
  clearExclusive(): void {
    must(this.library.start(this.uc, STUB, STUB + 4, 0, 1), "clear the exclusive monitor");
  }

  close(): void {
    this.library.close(this.uc);
  }

  private set(id: number, value: bigint): void {
    this.scratch[0] = BigInt.asIntN(64, value);
    must(this.library.writeRegister(this.uc, id, this.scratch), `write register ${id}`);
  }

  private setUp(): void {
    const { library, uc } = this;
    new Uint32Array(this.stub.buffer).set([CLREX, ...SET_SCTLR]);
    must(library.mapPtr(uc, STUB, STUB_BYTES, PERMISSION.executeOnly, this.stub), "map the stub");
    this.setSystemRegister(SCR_EL3);
    this.setSystemRegister(HCR_EL2);
    this.setSystemRegister(TCR_EL1);
    this.setControl();
  }

  /** By an instruction, as only that makes the emulator look at what the system registers say. */
  private setControl(): void {
    this.set(REGISTER.x0, SCTLR_EL1);
    must(this.library.start(this.uc, STUB + 4, STUB + 12, 0, 2), "set SCTLR_EL1");
  }

  /** As struct uc_arm64_cp_reg lays it out. */
  private setSystemRegister(register: typeof SCR_EL3): void {
    const { crn, crm, op0, op1, op2, value } = register;
    const bytes = new DataView(new ArrayBuffer(256));
    for (const [i, field] of [crn, crm, op0, op1, op2].entries()) bytes.setUint32(4 * i, field, true);
    bytes.setBigUint64(24, value, true);
    must(this.library.writeRegister(this.uc, REGISTER.system, bytes), "write a system register");
  }
}

function idOf(slot: number): number {
  if (slot === SP) return REGISTER.sp;
  if (slot === NZCV) return REGISTER.nzcv;
  if (slot === 29) return REGISTER.x29;
  return slot === 30 ? REGISTER.x30 : REGISTER.x0 + slot;
}

/** A signed 64-bit number as a plain number where that is exact. */
const narrow = (x: bigint): number | bigint =>
  x >= BigInt(Number.MIN_SAFE_INTEGER) && x <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(x) : x;
