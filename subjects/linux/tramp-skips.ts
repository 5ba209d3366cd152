// Since 7.2 the record of a trampoline lists a place before each program, where the program can be passed over once it is
// removed: the JIT fills the list in, the caller makes room for it and has the places changed.

import type { RoAddr, Va } from "../../machine/address.js";
import type { SkipPlace } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { kernelPointer } from "./placed-kernel.js";
import { type Struct, structOf, vaOfPointer } from "./structs.js";

export class TrampSkips {
  private readonly skip: Struct;
  /** By the record: its list, which lies behind it. */
  private readonly lists = new Map<Va, Va>();

  constructor(
    kernel: BootedKernel,
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

  /** By program, in the order of the code. */
  places(record: Va): readonly SkipPlace[] {
    const { im, skip } = this;
    const list = this.lists.get(record);
    const count = list === undefined ? 0 : im.number(record, "nr_skips");
    return Array.from({ length: count }, (_, i) => {
      const at = list! + i * skip.bytes;
      return {
        place: vaOfPointer(skip.get(at, "nop")) as RoAddr,
        target: vaOfPointer(skip.get(at, "target")) as RoAddr,
      };
    });
  }

  gone(record: Va): void {
    this.lists.delete(record);
  }
}
