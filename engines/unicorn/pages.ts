// The machine's memory as the emulator sees it: the frames themselves, mapped when they are first touched, and kept from
// run to run as long as the machine's page table says the same. Code that was translated is remembered with the bytes it
// came from, so that whoever writes code need not tell anybody.

import { Buffer } from "node:buffer";
import type { Va } from "../../machine/address.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import { signed } from "./address.js";
import type { Cpu } from "./cpu.js";
import { must, PERMISSION } from "./library.js";

/** Comparing more than these at each run would cost more than translating anew. */
const MOST_CODE_PAGES = 64;

export class Pages {
  /** By first address: what the emulator has. */
  private readonly mapped = new Map<Va, Mapping>();
  /** By first address: the bytes at the time of the first translation. */
  private readonly translated = new Map<Va, Uint8Array>();
  private generation = -1;
  /** The page that was executed last. */
  private lastCode: Va = -1;
  private readonly pageBytes: number;

  constructor(
    private readonly cpu: Cpu,
    readonly machine: Machine,
  ) {
    this.pageBytes = machine.pageBytes;
  }

  /** Make the emulator see the machine as it is now. */
  sync(): void {
    this.lastCode = -1;
    const isCrowded = this.translated.size > MOST_CODE_PAGES;
    for (const [page, bytes] of this.translated) {
      const frame = this.mapped.get(page)!.frame;
      if (isCrowded || Buffer.compare(frame.bytes, bytes) !== 0) this.forgetCode(page);
    }
    if (this.generation === this.machine.mapGeneration) return;
    this.generation = this.machine.mapGeneration;
    for (const [page, mapping] of this.mapped) {
      const now = this.machine.mapping(page);
      if (now?.frame !== mapping.frame || now.permission !== mapping.permission) this.drop(page);
    }
  }

  /** Map the page of `va` if the machine has it and it allows the access. @returns whether that was done. */
  mapIn(va: Va, allows: (mapping: Mapping) => boolean): boolean {
    const page = this.pageOf(va);
    const mapping = this.machine.mapping(page);
    if (mapping === undefined || !allows(mapping) || this.mapped.has(page)) return false;
    const { uc, library } = this.cpu;
    const { frame, permission } = mapping;
    must(library.mapPtr(uc, signed(page), this.pageBytes, PERMISSION[permission], frame.bytes), "map a page");
    this.mapped.set(page, mapping);
    return true;
  }

  /** Code of the page of `va` is about to run. */
  executes(va: Va): void {
    if (va >= this.lastCode && va < this.lastCode + this.pageBytes) return;
    const page = this.pageOf(va);
    this.lastCode = page;
    if (this.translated.has(page)) return;
    this.translated.set(page, this.mapped.get(page)!.frame.bytes.slice());
  }

  /** Undo all mappings. */
  clear(): void {
    for (const page of [...this.mapped.keys()]) this.drop(page);
  }

  private pageOf(va: Va): Va {
    return va - (va % this.pageBytes);
  }

  private drop(page: Va): void {
    if (this.translated.has(page)) this.forgetCode(page);
    must(this.cpu.library.unmap(this.cpu.uc, signed(page), this.pageBytes), "unmap a page");
    this.mapped.delete(page);
  }

  private forgetCode(page: Va): void {
    const from = signed(page);
    must(this.cpu.library.removeCache(this.cpu.uc, from, from + this.pageBytes), "forget translated code");
    this.translated.delete(page);
  }
}
