// The regions of a run on the machine: pages that stay mapped from run to run as long as the size fits, with a canary in
// the bytes that belong to no region, checked after every run.

import type { Machine } from "../../machine/machine.js";
import type { Range } from "../../spec/bpf/program.js";
import { LARGEST_PAGE_BYTES, pagesOf } from "./layout.js";

const CANARY = 0xc7;
/** As many as a page has, of any size. */
const CANARIES = Buffer.alloc(LARGEST_PAGE_BYTES, CANARY);
export const NOWHERE: Range = { base: 0, bytes: 0 };

/** One page, to write to and to compare with. */
interface Page {
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
}

/** One region and the pages around it. */
export class Area {
  private range = NOWHERE;
  private mapped = NOWHERE;
  private pages: Page[] = [];
  /** The subject has mapped what lies there: what is around the region is its own, and its own to watch. */
  private isGuest = false;
  /** Nothing but the region was written since all of the canary was seen. */
  private isIntact = false;

  constructor(
    readonly name: string,
    private readonly machine: Machine,
  ) {}

  /**
   * Fill the region at `range` with `bytes` (zeroes where they end) and its surroundings with the canary.
   *
   * @param isGuest the subject has mapped what lies there
   */
  place(range: Range, bytes: Uint8Array, isGuest = false): void {
    if (range.bytes === 0 && this.range.bytes === 0) return;
    const { pageBytes } = this.machine;
    const isSame = this.isIntact && range.base === this.range.base && range.bytes === this.range.bytes;
    this.range = range;
    this.isIntact = false;
    this.isGuest = isGuest;
    if (isGuest) {
      this.remap(NOWHERE);
      this.machine.poke(range.base, filled(bytes, range.bytes));
      return;
    }
    if (!isSame) this.remap(pagesOf(range, pageBytes));
    const at = range.base - this.mapped.base;
    for (let i = 0; i < this.pages.length; i++) {
      const page = this.pages[i]!.bytes;
      const start = at - i * pageBytes;
      if (!isSame) page.fill(CANARY);
      page.fill(0, Math.max(0, start), Math.max(0, start + range.bytes));
      if (start >= 0 && start < pageBytes) {
        page.set(start + bytes.length <= pageBytes ? bytes : bytes.subarray(0, pageBytes - start), start);
      } else if (start < 0 && -start < bytes.length) page.set(bytes.subarray(-start, -start + pageBytes));
    }
  }

  /** Give the pages back, unless the region is to lie in them again. */
  leave(range: Range): void {
    const { base, bytes } = pagesOf(range, this.machine.pageBytes);
    if (range.bytes > 0 && base === this.mapped.base && bytes === this.mapped.bytes) return;
    this.place(NOWHERE, new Uint8Array(0));
  }

  bytes(): Uint8Array {
    return this.machine.peek(this.range.base, this.range.bytes);
  }

  /** The address of a byte around the region that was written, or undefined. */
  trespass(): number | undefined {
    const { pageBytes } = this.machine;
    this.isIntact = false;
    if (this.isGuest) return undefined;
    const first = this.range.base - this.mapped.base;
    for (let i = 0; i < this.pages.length; i++) {
      const page = this.pages[i]!;
      const start = Math.min(Math.max(0, first - i * pageBytes), pageBytes);
      const end = Math.min(Math.max(0, first + this.range.bytes - i * pageBytes), pageBytes);
      if (isCanary(page, 0, start) && isCanary(page, end, pageBytes)) continue;
      const at = page.bytes.findIndex((byte, j) => (j < start || j >= end) && byte !== CANARY);
      return this.mapped.base + i * pageBytes + at;
    }
    this.isIntact = true;
    return undefined;
  }

  private remap(pages: Range): void {
    const { pageBytes } = this.machine;
    if (pages.base === this.mapped.base && pages.bytes === this.mapped.bytes) return;
    if (this.mapped.bytes > 0) {
      this.machine.unmap(this.mapped.base, this.mapped.bytes);
      this.machine.invalidateTlb(this.mapped.base, this.mapped.bytes);
    }
    if (pages.bytes > 0) this.machine.map(pages.base, pages.bytes, "rw");
    this.mapped = pages;
    this.pages = [];
    for (let va = pages.base; va < pages.base + pages.bytes; va += pageBytes) {
      const { bytes } = this.machine.mapping(va)!.frame;
      this.pages.push({ bytes, buffer: Buffer.from(bytes.buffer, bytes.byteOffset, pageBytes) });
    }
  }
}

function filled(bytes: Uint8Array, length: number): Uint8Array {
  const all = new Uint8Array(length);
  all.set(bytes);
  return all;
}

const isCanary = ({ buffer }: Page, from: number, to: number): boolean =>
  from === to || buffer.compare(CANARIES, 0, to - from, from, to) === 0;
