// What an instruction acts on: the registers of one processing element at EL1, and a memory that may refuse.

import { u32, u64 } from "../bits.js";
import type { MaintenanceEffect } from "./maintenance.js";
import { type AccessBytes, type Reg, SP, type Width, ZR } from "./registers.js";
import { SYSTEM_REGISTER_NAMES, SYSTEM_REGISTERS, type SystemRegisterName } from "./system-registers.js";

/** Why an instruction did not complete; registers and memory are as before it. The words are those of engine faults. */
export interface Stop {
  readonly why:
    | "badRead"
    | "badWrite"
    | "outsideFrame"
    | "misalignedStack"
    | "breakpoint"
    | "notExecutable"
    /** The memory was not ready: the same instruction is to be executed once more. */
    | "again";
  /** What a refused access or branch was to; the number of a breakpoint. */
  readonly address: bigint;
  /** One line for people. */
  readonly detail: string;
}

/** Little-endian memory. Addresses are whole 64-bit registers; accesses of up to 8 bytes may be unaligned and cross pages. */
export interface Memory {
  /** The bytes as a zero-extended number. */
  load(address: bigint, bytes: AccessBytes | 16): bigint | Stop;
  /** The low `bytes` bytes of `value`; undefined if done. */
  store(address: bigint, bytes: AccessBytes | 16, value: bigint): Stop | undefined;
  /** Maintenance has begun. @param operand the line, or what a TLBI takes */
  maintain(effect: Exclude<MaintenanceEffect, "zero">, operand: bigint): Stop | undefined;
  /** DSB: maintenance that has begun takes effect. */
  complete(): void;
  /** ISB: what was fetched ahead is fetched again. */
  synchronize(): void;
}

/** The local exclusive monitor: the block that the last load-exclusive marked. */
interface Reservation {
  readonly address: bigint;
  readonly bytes: number;
}

/** As after reset. */
const RESET = Object.fromEntries(SYSTEM_REGISTER_NAMES.map((name) => [name, SYSTEM_REGISTERS[name].reset])) as Readonly<
  Record<SystemRegisterName, bigint>
>;

export class State {
  /** By `Reg`: X0..X30, the zero register (always 0), SP. */
  readonly x = new BigUint64Array(SP + 1);
  /** N, Z, C, V from bit 3 down. */
  nzcv = 0;
  /** Low 48 bits of the address of the instruction to execute; the upper ones are all set. */
  pc = 0;
  /** PSTATE.BTYPE: 0 unless the instruction before was an indirect branch; see `isLandingPad`. */
  btype = 0;
  /** PACIASP and AUTIASP sign and authenticate; all other keys are off. */
  signsReturns = true;
  readonly system = { ...RESET };
  reservation: Reservation | undefined;
  /** Asked at each store-exclusive that would succeed: true makes it fail, as the architecture always allows. */
  spuriousFailure: (() => boolean) | undefined;

  /** The register as an operand of `width`. */
  read(reg: Reg, width: Width): bigint {
    const value = this.x[reg]!;
    return width === 64 ? value : BigInt.asUintN(32, value);
  }

  /** Writes of 32 bits clear the upper half. */
  write(reg: Reg, width: Width, value: bigint): void {
    if (reg !== ZR) this.x[reg] = width === 64 ? u64(value) : u32(value);
  }
}
