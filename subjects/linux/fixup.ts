// What happens when an access faults, of the kernel's own code or of a loaded program: the kernel's own fixup_exception(), on
// registers as an exception saves them, looks for an entry in the table of the image and in those of the programs that are
// listed, and does what it says.

import { pointer, type Va } from "../../machine/address.js";
import type { SubjectKernel } from "../subject.js";
import type { BootedKernel, Faulting, Mended } from "./booted-kernel.js";
import type { TypedImage } from "./kernel-image.js";
import { type Struct, structOf, vaOfPointer } from "./structs.js";

const FIXUP = "fixup_exception";
const REGISTERS = 31;
/** Syndrome of an abort of data at EL1 for an address that is not mapped, by a load; and that it was a store. */
const ABORT_OF_LOAD = 0x9600_0007n;
const WAS_STORE = 0x40n;
/** What registers hold whose values nobody knows: no fixup makes it. */
const UNKNOWN = 0x5a5a_0000_0000_0000n;

/** Whether the image's handler is all there: before 5.16 that of programs asks where in memory they are, which our machine chooses. */
export const hasFixup = (image: TypedImage): boolean =>
  image.address(FIXUP) !== undefined && image.address("ex_handler_bpf") !== undefined;

type Calling = Pick<BootedKernel["cpu"], "call">;

/** `struct pt_regs` in the memory of one kernel. */
export class Fixups {
  private readonly regs: Struct;
  private readonly va: Va;
  /** A fault of the handler itself is not handled. */
  private isBusy = false;

  constructor(private readonly kernel: BootedKernel) {
    this.regs = structOf(kernel.image, kernel.memory, "pt_regs");
    // Only its first members are read: the general registers, SP and PC.
    this.va = kernel.arena.alloc(this.regs.bytes);
  }

  /** @returns undefined where the kernel has no entry, and such a fault is an oops */
  fixup({ x, sp, pc, isStore }: Faulting, cpu: Calling = this.kernel.cpu): Mended | undefined {
    const { kernel, regs, va } = this;
    const { memory } = kernel;
    if (this.isBusy) return undefined;
    const first = va + regs.offset("regs");
    memory.write(first, new Uint8Array(x.slice(0, REGISTERS).buffer));
    regs.set(va, "sp", sp);
    regs.set(va, "pc", pointer(pc));
    const done = this.handle(cpu, isStore);
    if ((done & 0xffn) === 0n) return undefined;
    const after = new BigUint64Array(memory.read(first, 8 * REGISTERS).slice().buffer);
    return { x: after, pc: vaOfPointer(regs.get(va, "pc")) };
  }

  private handle(cpu: Calling, isStore: boolean): bigint {
    this.isBusy = true;
    try {
      return cpu.call(FIXUP, pointer(this.va), ABORT_OF_LOAD | (isStore ? WAS_STORE : 0n));
    } finally {
      this.isBusy = false;
    }
  }

  /** Of a loaded program, whose registers are an engine's: where it goes on, and which register becomes zero. @param cpu that runs it */
  ofProgram(pc: Va, cpu: Calling): ReturnType<SubjectKernel["fixupException"]> {
    const x = BigUint64Array.from({ length: REGISTERS }, (_, i) => UNKNOWN + BigInt(i));
    const mended = this.fixup({ x, sp: UNKNOWN, pc, isStore: false }, cpu);
    if (mended === undefined) return undefined;
    const clear = mended.x.indexOf(0n);
    return { resume: mended.pc, clear: clear < 0 ? undefined : clear };
  }
}
