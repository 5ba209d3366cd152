// Private BPF stacks (since Linux 6.17): per-CPU memory that the JIT asks for. A case says where it is to lie.

import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Machine } from "../../machine/machine.js";

/** At each end of the memory; the JIT looks at it when the program is freed. */
const GUARD_BYTES = 16;

export class PrivateStacks {
  /** By where it begins: the pages that were mapped for it. */
  private readonly live = new Map<Va, readonly Va[]>();
  /** Of the function that is compiled: where its stack begins, behind the guard. */
  wanted: Va | undefined;

  constructor(private readonly machine: Machine) {}

  get count(): number {
    return this.live.size;
  }

  /** Pages that are mapped for them. */
  get pages(): number {
    let pages = 0;
    for (const mapped of this.live.values()) pages += mapped.length;
    return pages;
  }

  isLive(va: Va): boolean {
    return this.live.has(va);
  }

  /** @returns where its guard begins; undefined if nobody has said where it is to lie */
  alloc(bytes: number): Va | undefined {
    const { machine, wanted } = this;
    if (wanted === undefined) return undefined;
    const va = wanted - GUARD_BYTES;
    if (this.live.has(va)) throw new KernelFault("badMapping", va, "is a private stack already");
    const { pageBytes } = machine;
    const pages: Va[] = [];
    this.unheard(() => {
      for (let page = va - (va % pageBytes); page < va + bytes; page += pageBytes) {
        if (machine.mapping(page) !== undefined) continue;
        machine.map(page, pageBytes, "rw");
        pages.push(page);
      }
    });
    machine.poke(va, new Uint8Array(bytes));
    this.live.set(va, pages);
    return va;
  }

  free(va: Va): void {
    const { machine } = this;
    const pages = this.live.get(va);
    if (pages === undefined) throw new KernelFault("badFree", va, "no private stack begins here");
    this.live.delete(va);
    this.unheard(() => {
      for (const page of pages) {
        machine.unmap(page, machine.pageBytes);
        machine.invalidateTlb(page, machine.pageBytes);
      }
    });
  }

  /** Per-CPU memory is none of the mappings that are judged. */
  private unheard(change: () => void): void {
    const { machine } = this;
    const listener = machine.onEvent;
    machine.onEvent = undefined;
    change();
    machine.onEvent = listener;
  }
}
