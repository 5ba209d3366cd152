// The simulated machine's memory as helpers see it: the same reads and writes as in the interpreter, through the page
// table and its permissions.

import { type Va, vaOf } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Memory } from "../../spec/bpf/memory.js";
import type { Range } from "../../spec/bpf/program.js";

export class MachineMemory implements Memory {
  /** @param ranges outside of which there is nothing; default: all that is mapped is there */
  constructor(
    private readonly machine: Machine,
    private readonly ranges?: () => readonly Range[],
  ) {}

  read(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    if (va === undefined || !this.isMapped(va, bytes.length, false)) return false;
    this.machine.peekInto(va, bytes);
    return true;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    if (va === undefined || !this.isMapped(va, bytes.length, true)) return false;
    this.machine.write(va, bytes);
    return true;
  }

  private isMapped(va: Va, bytes: number, writable: boolean): boolean {
    const isInside = ({ base, bytes: length }: Range): boolean => va >= base && va + bytes <= base + length;
    if (this.ranges !== undefined && !this.ranges().some(isInside)) return false;
    const { pageBytes } = this.machine;
    for (let page = va - (va % pageBytes); page < va + bytes; page += pageBytes) {
      const mapping = this.machine.mapping(page);
      if (mapping === undefined || (writable && mapping.permission !== "rw")) return false;
    }
    return true;
  }
}
