// Physical memory: a pool of page frames, cut from large buffers and recycled. Contents survive a free, as in hardware;
// who allocates poisons or fills, so that a run does not depend on the runs before it.

import assert from "node:assert/strict";
import type { Frame } from "./page-table.js";

const BATCH = 64;

export class Frames {
  private readonly free: Frame[] = [];
  /** Frames handed out and not given back. */
  inUse = 0;

  /** Bytes of `physical` that have been cut. */
  private cut = 0;

  /** @param physical where all frames are to come from; without it, new buffers are made as needed. */
  constructor(
    private readonly pageBytes: number,
    private readonly physical?: ArrayBuffer,
  ) {}

  take(): Frame {
    if (this.free.length === 0) this.grow();
    this.inUse++;
    return this.free.pop()!;
  }

  give(frame: Frame): void {
    this.inUse--;
    this.free.push(frame);
  }

  private grow(): void {
    const { pageBytes, physical } = this;
    const buffer = physical ?? new ArrayBuffer(BATCH * pageBytes);
    const start = physical === undefined ? 0 : this.cut;
    const count = Math.min(BATCH, Math.floor((buffer.byteLength - start) / pageBytes));
    assert(count > 0, `all ${buffer.byteLength} bytes of physical memory are in use`);
    this.cut = start + count * pageBytes;
    for (let at = this.cut - pageBytes; at >= start; at -= pageBytes) {
      this.free.push({
        bytes: new Uint8Array(buffer, at, pageBytes),
        view: new DataView(buffer, at, pageBytes),
        words: new Uint32Array(buffer, at, pageBytes / 4),
        lines: undefined,
      });
    }
  }
}
