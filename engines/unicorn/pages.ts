// The machine's memory as the emulator sees it: the frames themselves, mapped when they are first touched, and kept from
// run to run as long as the machine's page table says the same. Pages of code are remembered with the bytes that may have
// been translated, so that whoever writes code need not tell anybody; where they have exclusives, the instructions from
// the first to the last of a page are listened to, see `monitor.ts`; where SP may come to be misaligned, all accesses.

import { Buffer } from "node:buffer";
import type { Va } from "../../machine/address.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import type { Cpu } from "./cpu.js";
import { HOOK, must, PERMISSION, type Pointer, signed } from "./library.js";
import { isWatched, mayMisalignSp } from "./words.js";

/** Comparing more than these at each run would cost more than mapping them anew. */
const MOST_CODE_PAGES = 64;

interface Code {
  /** As they were when they were last compared. */
  readonly words: Uint32Array;
  /** On the instructions from the first to the last exclusive. */
  hook: Pointer | undefined;
  firstExclusive: number;
  lastExclusive: number;
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
  /** There was code with exclusives. */
  hasExclusives = false;

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
    for (const [page, code] of this.code) this.compare(page, this.mapped.get(page)!.frame.words, code);
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
    if (permission === "rox") {
      const code = {
        words: new Uint32Array(frame.words.length),
        hook: undefined,
        firstExclusive: -1,
        lastExclusive: -1,
      };
      this.code.set(page, code);
      this.learn(page, frame.words, code, 0, frame.words.length);
    }
    return true;
  }

  /** Translate all code anew: hooks on instructions are part of a translation. */
  forgetTranslations(): void {
    for (const page of this.code.keys()) this.removeCache(page, this.pageBytes);
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

  private compare(page: Va, now: Uint32Array, code: Code): void {
    const { words } = code;
    if (Buffer.compare(bytesOf(now), bytesOf(words)) === 0) return;
    let first = 0;
    while (now[first] === words[first]) first++;
    let end = words.length;
    while (now[end - 1] === words[end - 1]) end--;
    this.removeCache(page + 4 * first, 4 * (end - first));
    // What was translated under the old hook must be translated under the new one.
    if (this.learn(page, now, code, first, end)) this.removeCache(page, this.pageBytes);
  }

  /** Look at words [first, end) of a page, before anything is translated from them. @returns whether its hook moved. */
  private learn(page: Va, now: Uint32Array, code: Code, first: number, end: number): boolean {
    code.words.set(now.subarray(first, end), first);
    const before = [code.firstExclusive, code.lastExclusive];
    for (let i = first; i < end; i++) {
      const word = now[i]!;
      if (isWatched(word)) {
        if (code.firstExclusive < 0 || i < code.firstExclusive) code.firstExclusive = i;
        if (i > code.lastExclusive) code.lastExclusive = i;
      }
      this.hasOddStack ||= mayMisalignSp(word);
    }
    if (code.firstExclusive === before[0] && code.lastExclusive === before[1]) return false;
    const { uc, library } = this.cpu;
    if (code.hook !== undefined) library.removeHook(uc, code.hook);
    const [begin, last] = [signed(page + 4 * code.firstExclusive), signed(page + 4 * code.lastExclusive)];
    code.hook = library.addHook(uc, HOOK.code, this.onExclusive, begin, last);
    this.hasExclusives = true;
    return true;
  }

  private forgetCode(page: Va): void {
    const code = this.code.get(page);
    if (code === undefined) return;
    if (code.hook !== undefined) this.cpu.library.removeHook(this.cpu.uc, code.hook);
    this.removeCache(page, this.pageBytes);
    this.code.delete(page);
  }

  private removeCache(va: Va, bytes: number): void {
    const from = signed(va);
    must(this.cpu.library.removeCache(this.cpu.uc, from, from + bytes), "forget translated code");
  }
}

const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
