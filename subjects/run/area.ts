// The regions of a run on the machine: pages that stay mapped from run to run as long as the size fits, with a canary in
// the bytes that belong to no region, checked after every run.

import { Buffer } from "node:buffer";
import type { Machine } from "../../machine/machine.js";
import type { Range } from "../../spec/bpf/program.js";
import { pagesOf } from "./layout.js";

const CANARY = 0xc7;
/** Of the largest page. */
const CANARIES = new Uint8Array(65536).fill(CANARY);
export const NOWHERE: Range = { base: 0, bytes: 0 };

/** One region and the pages around it. */
export class Area {
  private range = NOWHERE;
  private pages = NOWHERE;
  /** The bytes of each page. */
  private frames: readonly Uint8Array[] = [];

  constructor(
    readonly name: string,
    private readonly machine: Machine,
  ) {}

  /** Fill the region at `range` with `bytes` (zeroes where they end) and its surroundings with the canary. */
  place(range: Range, bytes: Uint8Array): void {
    const { pageBytes } = this.machine;
    this.range = range;
    const pages = pagesOf(range, pageBytes);
    if (pages.base !== this.pages.base || pages.bytes !== this.pages.bytes) this.remap(pages);
    const at = range.base - pages.base;
    this.frames.forEach((frame, i) => {
      const start = at - i * pageBytes;
      frame.fill(CANARY);
      frame.fill(0, Math.max(0, start), Math.max(0, start + range.bytes));
      if (start >= 0 && start < pageBytes) frame.set(bytes.subarray(0, pageBytes - start), start);
      else if (start < 0 && -start < bytes.length) frame.set(bytes.subarray(-start, -start + pageBytes));
    });
  }

  bytes(): Uint8Array {
    return this.machine.peek(this.range.base, this.range.bytes);
  }

  /** The address of a byte around the region that was written, or undefined. */
  trespass(): number | undefined {
    const { pageBytes } = this.machine;
    const first = this.range.base - this.pages.base;
    for (const [i, frame] of this.frames.entries()) {
      const start = Math.min(Math.max(0, first - i * pageBytes), pageBytes);
      const end = Math.min(Math.max(0, first + this.range.bytes - i * pageBytes), pageBytes);
      if (isCanary(frame, 0, start) && isCanary(frame, end, pageBytes)) continue;
      const at = frame.findIndex((byte, j) => (j < start || j >= end) && byte !== CANARY);
      return this.pages.base + i * pageBytes + at;
    }
    return undefined;
  }

  private remap(pages: Range): void {
    const { pageBytes } = this.machine;
    if (this.pages.bytes > 0) {
      this.machine.unmap(this.pages.base, this.pages.bytes);
      this.machine.invalidateTlb(this.pages.base, this.pages.bytes);
    }
    if (pages.bytes > 0) this.machine.map(pages.base, pages.bytes, "rw");
    this.pages = pages;
    this.frames = Array.from({ length: pages.bytes / pageBytes }, (_, i) => {
      return this.machine.mapping(pages.base + i * pageBytes)!.frame.bytes;
    });
  }
}

const isCanary = (frame: Uint8Array, from: number, to: number): boolean =>
  from === to || Buffer.compare(frame.subarray(from, to), CANARIES.subarray(from, to)) === 0;
