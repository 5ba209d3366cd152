// The registers of a CPU between two stretches of execution, when others may use the interpreter.

import type { Va } from "../../machine/address.js";
import { SYSTEM_REGISTER_NAMES, SYSTEM_REGISTERS, type SystemRegisterName } from "../../spec/a64/system-registers.js";
import type { CpuState } from "../engine.js";
import type { Host } from "./host.js";
import * as at from "./layout.js";

/** In the order of the table. */
const RESET = BigUint64Array.from(SYSTEM_REGISTER_NAMES, (name) => SYSTEM_REGISTERS[name].reset);
const SYSTEM_AT = at.REGS / 8 + at.SYSTEM;

export class Registers implements CpuState {
  readonly x = new BigUint64Array(31);
  sp = 0n;
  pc: Va = 0;
  nzcv = 0;
  btype = 0;
  private readonly systemValues = RESET.slice();
  readonly system = byName(this.systemValues);

  /** Into the interpreter. */
  load({ x, general, system, words }: Host): void {
    general.set(this.x);
    x[at.STACK_POINTER] = this.sp;
    system.set(this.systemValues);
    words[at.NZCV / 4] = this.nzcv;
    words[at.BTYPE / 4] = this.btype;
  }

  /** Out of it. */
  save({ x, general, system, words }: Host, pc: Va): void {
    this.x.set(general);
    this.sp = x[at.STACK_POINTER]!;
    this.systemValues.set(system);
    this.nzcv = words[at.NZCV / 4]!;
    this.btype = words[at.BTYPE / 4]!;
    this.pc = pc;
  }
}

/** System registers in the interpreter as after reset. */
export const resetSystem = ({ wide }: Host): void => wide.set(RESET, SYSTEM_AT);

function byName(values: BigUint64Array): CpuState["system"] {
  const record = {} as Record<SystemRegisterName, bigint>;
  SYSTEM_REGISTER_NAMES.forEach((name, i) => {
    Object.defineProperty(record, name, {
      enumerable: true,
      get: () => values[i],
      set: (value: bigint) => {
        values[i] = value;
      },
    });
  });
  return record;
}
