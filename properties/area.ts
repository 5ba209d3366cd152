// The regions of a run on the machine: pages that stay mapped from run to run as long as the size fits, with a canary in
// the bytes that belong to no region, checked after every run.

import { Buffer } from "node:buffer";
import type { Machine } from "../machine/machine.js";
import type { Range } from "../spec/bpf/program.js";
import { pagesOf } from "./layout.js";

const CANARY = 0xc7;

/** One region and the pages around it. */
export class Area {
  private range: Range = { base: 0, bytes: 0 };
  private pages: Range = { base: 0, bytes: 0 };

  constructor(
    readonly name: string,
    private readonly machine: Machine,
  ) {}

  /** Fill the region at `range` with `bytes` (zeroes where they end) and its surroundings with the canary. */
  place(range: Range, bytes: Uint8Array): void {
    this.range = range;
    const pages = pagesOf(range);
    if (pages.base !== this.pages.base || pages.bytes !== this.pages.bytes) this.remap(pages);
    if (pages.bytes === 0) return;
    const contents = new Uint8Array(pages.bytes).fill(CANARY);
    const at = range.base - pages.base;
    contents.fill(0, at, at + range.bytes);
    contents.set(bytes, at);
    this.machine.poke(pages.base, contents);
  }

  bytes(): Uint8Array {
    return this.machine.peek(this.range.base, this.range.bytes);
  }

  /** The address of a byte around the region that was written, or undefined. */
  trespass(): number | undefined {
    const all = this.machine.peek(this.pages.base, this.pages.bytes);
    const at = this.range.base - this.pages.base;
    const end = at + this.range.bytes;
    const isCanary = (from: number, to: number): boolean =>
      Buffer.compare(all.subarray(from, to), new Uint8Array(to - from).fill(CANARY)) === 0;
    if (isCanary(0, at) && isCanary(end, all.length)) return undefined;
    const index = all.findIndex((byte, i) => (i < at || i >= end) && byte !== CANARY);
    return this.pages.base + index;
  }

  private remap(pages: Range): void {
    if (this.pages.bytes > 0) this.machine.unmap(this.pages.base, this.pages.bytes);
    if (pages.bytes > 0) this.machine.map(pages.base, pages.bytes, "rw");
    this.pages = pages;
  }
}
