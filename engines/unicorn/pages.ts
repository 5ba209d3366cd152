// The machine's memory as the emulator sees it: the frames themselves, mapped when they are first touched, and kept from
// run to run as long as the machine's page table says the same. Pages of code are remembered with the bytes that may have
// been translated, so that whoever writes code need not tell anybody; where they have exclusives, the instructions from
// the first to the last of a page are listened to, see `monitor.ts`; where SP may come to be misaligned, all accesses.

import { Buffer } from "node:buffer";
import type { Va } from "../../machine/address.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import { signed } from "./address.js";
import type { Cpu } from "./cpu.js";
import { HOOK, must, PERMISSION, type Pointer } from "./library.js";
import { isExclusive, mayMisalignSp } from "./words.js";

/** Comparing more than these at each run would cost more than mapping them anew. */
const MOST_CODE_PAGES = 64;

interface Code {
  readonly bytes: Uint8Array;
  /** On its exclusives. */
  readonly hook: Pointer | undefined;
}

export class Pages {
  /** By first address: what the emulator has. */
  private readonly mapped = new Map<Va, Mapping>();
  /** By first address: those of them that may be executed. */
  private readonly code = new Map<Va, Code>();
  private generation = -1;
  private readonly pageBytes: number;

  /** There was code that may misalign SP. */
  hasOddStack = false;

  /** @param onExclusive called before each instruction that may be an exclusive. */
  constructor(
    private readonly cpu: Cpu,
    readonly machine: Machine,
    private readonly onExclusive: Pointer,
  ) {
    this.pageBytes = machine.pageBytes;
  }

  /** Make the emulator see the machine as it is now. Not while it runs. */
  sync(): void {
    if (this.code.size > MOST_CODE_PAGES) for (const page of this.code.keys()) this.drop(page);
    for (const [page, { bytes }] of this.code) {
      const { frame } = this.mapped.get(page)!;
      if (Buffer.compare(frame.bytes, bytes) === 0) continue;
      this.forgetCode(page);
      this.learnCode(page, frame.words);
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
    const page = va - (va % this.pageBytes);
    const mapping = this.machine.mapping(page);
    if (mapping === undefined || !allows(mapping) || this.mapped.has(page)) return false;
    const { uc, library } = this.cpu;
    const { frame, permission } = mapping;
    must(library.mapPtr(uc, signed(page), this.pageBytes, PERMISSION[permission], frame.bytes), "map a page");
    this.mapped.set(page, mapping);
    if (permission === "rox") this.learnCode(page, frame.words);
    return true;
  }

  /** Translate all code anew: hooks on instructions are part of a translation. */
  forgetTranslations(): void {
    for (const page of this.code.keys()) this.removeCache(page);
  }

  /** Undo all mappings. */
  clear(): void {
    for (const page of this.mapped.keys()) this.drop(page);
  }

  private drop(page: Va): void {
    this.forgetCode(page);
    must(this.cpu.library.unmap(this.cpu.uc, signed(page), this.pageBytes), "unmap a page");
    this.mapped.delete(page);
  }

  /** Before anything is translated from it. */
  private learnCode(page: Va, words: Uint32Array): void {
    const { uc, library } = this.cpu;
    const first = words.findIndex(isExclusive);
    const address = (index: number): number => signed(page + 4 * index);
    const last = (): number => address(words.findLastIndex(isExclusive));
    const hook = first < 0 ? undefined : library.addHook(uc, HOOK.code, this.onExclusive, address(first), last());
    this.hasOddStack ||= words.some(mayMisalignSp);
    const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength).slice();
    this.code.set(page, { bytes, hook });
  }

  private forgetCode(page: Va): void {
    const code = this.code.get(page);
    if (code === undefined) return;
    if (code.hook !== undefined) this.cpu.library.removeHook(this.cpu.uc, code.hook);
    this.removeCache(page);
    this.code.delete(page);
  }

  private removeCache(page: Va): void {
    const from = signed(page);
    const error = this.cpu.library.removeCache(this.cpu.uc, from, from + this.pageBytes);
    must(error, "forget translated code");
  }
}
