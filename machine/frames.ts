// Physical memory: a pool of page frames, cut from large buffers and recycled. Contents survive a free, as in hardware;
// who allocates poisons or fills, so that a run does not depend on the runs before it.

import assert from "node:assert/strict";
import type { Frame } from "./page-table.js";

const BATCH = 64;

/** Frames that lie one behind the other. */
export interface Run {
  readonly frames: readonly Frame[];
  readonly bytes: Uint8Array;
}

export class Frames {
  private readonly free: Frame[] = [];
  /** Frames handed out and not given back. */
  inUse = 0;
  /** Bytes of `physical` that have been cut. */
  private cut = 0;

  /** @param physical where all frames are to come from, 4-aligned in its buffer; without it, new buffers are made as needed. */
  constructor(
    private readonly pageBytes: number,
    private readonly physical?: Uint8Array<ArrayBuffer>,
  ) {}

  take(): Frame {
    if (this.free.length === 0) {
      const { frames } = this.cutRun(this.physical === undefined ? BATCH : Math.min(BATCH, this.uncutPages()));
      for (let i = frames.length - 1; i >= 0; i--) this.free.push(frames[i]!);
    }
    const frame = this.free.pop();
    assert(frame !== undefined, `all ${this.physical?.byteLength} bytes of physical memory are in use`);
    this.inUse++;
    return frame;
  }

  give(frame: Frame): void {
    this.inUse--;
    frame.isCode = false;
    this.free.push(frame);
  }

  /** New memory that is never given back here: its owner keeps it, and counts it in `inUse` while it is in use. */
  cutRun(pages: number): Run {
    const { pageBytes, physical } = this;
    const size = pages * pageBytes;
    assert(pages <= this.uncutPages(), `all ${physical?.byteLength} bytes of physical memory are in use`);
    const { buffer, byteOffset } = physical ?? new Uint8Array(size);
    const start = byteOffset + this.cut;
    if (physical !== undefined) this.cut += size;
    const frames = Array.from({ length: pages }, (_, i): Frame => {
      const at = start + i * pageBytes;
      return {
        bytes: new Uint8Array(buffer, at, pageBytes),
        view: new DataView(buffer, at, pageBytes),
        words: new Uint32Array(buffer, at, pageBytes / 4),
        lines: undefined,
        isCode: false,
      };
    });
    return { frames, bytes: new Uint8Array(buffer, start, size) };
  }

  private uncutPages(): number {
    if (this.physical === undefined) return Number.POSITIVE_INFINITY;
    return Math.floor((this.physical.byteLength - this.cut) / this.pageBytes);
  }
}
