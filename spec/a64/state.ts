// What an instruction acts on: the registers of one processing element at EL1, and a memory that may refuse.

import { u32, u64 } from "../bits.js";
import { type AccessBytes, type Reg, SP, type SystemRegister, type Width, ZR } from "./insn.js";

/** Why an instruction did not complete; registers and memory are as before it. The words are those of engine faults. */
export interface Stop {
  readonly why: "badRead" | "badWrite" | "outsideFrame" | "misalignedStack" | "breakpoint" | "notExecutable";
  /** One line for people. */
  readonly detail: string;
}

/** Little-endian memory. Addresses are whole 64-bit registers; accesses may be unaligned and cross pages. */
export interface Memory {
  /** The bytes as a zero-extended number. */
  load(address: bigint, bytes: AccessBytes): bigint | Stop;
  /** The low `bytes` bytes of `value`; undefined if done. */
  store(address: bigint, bytes: AccessBytes, value: bigint): Stop | undefined;
}

/** The local exclusive monitor: the block that the last load-exclusive marked. */
interface Reservation {
  readonly address: bigint;
  readonly bytes: AccessBytes;
}

export class State {
  /** By `Reg`: X0..X30, the zero register (always 0), SP. */
  readonly x = new BigUint64Array(SP + 1);
  /** N, Z, C, V from bit 3 down. */
  nzcv = 0;
  /** Low 48 bits of the address of the instruction to execute; the upper ones are all set. */
  pc = 0;
  readonly system: Record<SystemRegister, bigint> = { tpidr_el1: 0n, tpidr_el2: 0n, sp_el0: 0n };
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
