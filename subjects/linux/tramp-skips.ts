// Since 7.2 the record of a trampoline lists a place before each program, where the program can be passed over once it is
// removed: the JIT fills the list in, the caller makes room for it and has the places changed.

import type { Va } from "../../machine/address.js";
import type { BootedKernel } from "./booted-kernel.js";
import { errnoOf } from "./packs-view.js";
import { kernelPointer } from "./placed-kernel.js";
import { type Struct, structOf } from "./structs.js";

export class TrampSkips {
  private readonly skip: Struct;
  /** By the record: its list, which lies behind it. */
  private readonly lists = new Map<Va, Va>();

  constructor(
    private readonly kernel: BootedKernel,
    private readonly im: Struct,
  ) {
    this.skip = structOf(kernel.image, kernel.memory, "bpf_tramp_skip");
  }

  /** Of a record with a list of so many programs. */
  recordBytes(programs: number): number {
    return this.im.bytes + programs * this.skip.bytes;
  }

  made(record: Va): void {
    this.lists.set(record, record + this.im.bytes);
  }

  /** The list is empty, where there is one. */
  clear(record: Va): void {
    const list = this.lists.get(record);
    this.im.set(record, "skips", kernelPointer(list));
    this.im.set(record, "nr_skips", 0);
  }

  /**
   * Every program of the trampoline is removed.
   *
   * @source linux v7.2 kernel/bpf/trampoline.c, bpf_trampoline_remove_prog()
   */
  poke(record: Va): void {
    const { kernel, im, skip } = this;
    const list = this.lists.get(record);
    const count = list === undefined ? 0 : im.number(record, "nr_skips");
    for (let i = 0; i < count; i++) {
      const at = list! + i * skip.bytes;
      const error = errnoOf(kernel.cpu.call("arch_bpf_trampoline_skip", skip.get(at, "nop"), skip.get(at, "target")));
      if (error !== 0) kernel.warn(`release of a trampoline: ${error}`);
    }
  }

  gone(record: Va): void {
    this.lists.delete(record);
  }
}
