// The simulated machine's memory as helpers see it: the same reads and writes as in the interpreter, through the page
// table and its permissions.

import { type Va, vaOf } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { Memory } from "../../spec/bpf/memory.js";

export class MachineMemory implements Memory {
  constructor(private readonly machine: Machine) {}

  read(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    if (va === undefined || !this.isMapped(va, bytes.length, false)) return false;
    bytes.set(this.machine.peek(va, bytes.length));
    return true;
  }

  write(address: bigint, bytes: Uint8Array): boolean {
    const va = vaOf(address);
    if (va === undefined || !this.isMapped(va, bytes.length, true)) return false;
    this.machine.write(va, bytes);
    return true;
  }

  private isMapped(va: Va, bytes: number, writable: boolean): boolean {
    const { pageBytes } = this.machine;
    for (let page = va - (va % pageBytes); page < va + bytes; page += pageBytes) {
      const mapping = this.machine.mapping(page);
      if (mapping === undefined || (writable && mapping.permission !== "rw")) return false;
    }
    return true;
  }
}
