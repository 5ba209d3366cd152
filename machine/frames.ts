// Physical memory: a pool of page frames, cut from large buffers and recycled. Contents survive a free, as in hardware;
// who allocates poisons or fills, so that a run does not depend on the runs before it.

import type { Frame } from "./page-table.js";

const BATCH = 64;

export class Frames {
  private readonly free: Frame[] = [];
  /** Frames handed out and not given back. */
  inUse = 0;

  constructor(private readonly pageBytes: number) {}

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
    const { pageBytes } = this;
    const buffer = new ArrayBuffer(BATCH * pageBytes);
    for (let i = BATCH - 1; i >= 0; i--) {
      const at = i * pageBytes;
      this.free.push({
        bytes: new Uint8Array(buffer, at, pageBytes),
        view: new DataView(buffer, at, pageBytes),
        words: new Uint32Array(buffer, at, pageBytes / 4),
      });
    }
  }
}
