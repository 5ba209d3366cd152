// From an address of executable memory to `struct page`, to a physical address, to the fixmap slot: the kernel computes the
// ways between with constants of its build. They are found out by one poke that is let fail.

import type { FixmapAddr, Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Machine } from "../../machine/machine.js";

/** Somewhere in the part of the address space where `struct page`s are. */
const FIRST_PAGE = 0xffff_fdff_c000_0000n;

export class PageFrames {
  /** By number: where the page is mapped. */
  private readonly pages: Va[] = [];
  private readonly numbers = new Map<Va, number>();
  private last = 0;
  /** Physical address of page 0, once a poke has shown it. */
  private firstPhysical: bigint | undefined;
  /** The poke that is to show where the slot is: its number there. */
  private isTrying = false;
  /** Where the page is mapped that the slot shows, or has shown last. */
  shown: Va = 0;
  /** With that number, pages of a kernel's own text are poked. */
  private mapped = false;

  /** @param pageStructBytes size of `struct page` */
  constructor(
    private readonly machine: Machine,
    private readonly pageStructBytes: number,
  ) {}

  /** The `struct page` of what is mapped there; 0 if nothing is. */
  toPage(va: Va): bigint {
    const { machine } = this;
    const page = va - (va % machine.pageBytes);
    if (machine.mapping(page) === undefined) return 0n;
    let number = this.numbers.get(page);
    if (number === undefined) {
      number = this.pages.length;
      this.pages.push(page);
      this.numbers.set(page, number);
    }
    this.last = number;
    return FIRST_PAGE + BigInt(number * this.pageStructBytes);
  }

  /** Poke once, with nothing in the slot: where that faults, the slot is. */
  calibrate(poke: () => void): void {
    this.isTrying = true;
    this.mapped = false;
    poke();
    this.isTrying = false;
  }

  /** An access of kernel code faults. */
  faulted(va: Va): void {
    if (this.isTrying) this.machine.fixmapSlot = (va - (va % this.machine.pageBytes)) as FixmapAddr;
  }

  setFixmap(_idx: number, phys: bigint, flags: bigint): void {
    const { machine } = this;
    const { pageBytes } = machine;
    if (this.isTrying) {
      if (flags !== 0n) this.firstPhysical = phys - (phys % BigInt(pageBytes)) - BigInt(this.last * pageBytes);
      return;
    }
    machine.copying = undefined;
    if (flags === 0n) {
      if (this.mapped) machine.unmapFixmap();
      this.mapped = false;
      return;
    }
    if (this.firstPhysical === undefined) throw new KernelFault("badMapping", 0, "the first poke mapped nothing");
    const number = Number((phys - this.firstPhysical) / BigInt(pageBytes));
    const page = this.pages[number];
    const mapping = page === undefined ? undefined : machine.mapping(page);
    if (mapping === undefined) throw new KernelFault("badMapping", page ?? 0, "poked, but not mapped");
    this.mapped = true;
    this.shown = page!;
    machine.mapFixmap(mapping.frame);
  }
}
