// Physical memory: a pool of page frames, cut from large buffers and recycled. Contents survive a free, as in hardware;
// who allocates poisons or fills, so that a run does not depend on the runs before it.

import type { Va } from "./address.js";
import { KernelFault } from "./fault.js";
import type { Frame } from "./page-table.js";

const BATCH = 64;

/** Frames that lie one behind the other. */
export interface Run {
  readonly frames: readonly Frame[];
  readonly bytes: Uint8Array;
}

/** Where frames come from. */
export interface PhysicalMemory {
  /** Cut page frames from these bytes, 4-aligned in their buffer, so that an engine can address them all. */
  readonly physical?: Uint8Array<ArrayBuffer> | undefined;
  /** What does not fit there is cut from elsewhere. Default: the kernel faults. */
  readonly spills?: boolean | undefined;
}

export class Frames {
  private readonly free: Frame[] = [];
  /** Frames handed out and not given back. */
  inUse = 0;
  /** Bytes of `physical` that have been cut. */
  private cut = 0;

  private readonly physical: PhysicalMemory["physical"];
  private readonly spills: boolean;

  constructor(
    private readonly pageBytes: number,
    { physical, spills = physical === undefined }: PhysicalMemory,
  ) {
    this.physical = physical;
    this.spills = spills;
  }

  /** @param va of the page that it is for */
  take(va: Va): Frame {
    if (this.free.length === 0) {
      const { frames } = this.cutRun(this.spills ? BATCH : Math.min(BATCH, this.uncutPages()), va);
      for (let i = frames.length - 1; i >= 0; i--) this.free.push(frames[i]!);
    }
    const frame = this.free.pop();
    if (frame === undefined) throw this.full(va);
    this.inUse++;
    return frame;
  }

  /** Count frames as in use that `takeReserved` takes later. */
  reserve(count: number): void {
    this.inUse += count;
  }

  takeReserved(va: Va): Frame {
    const frame = this.take(va);
    this.inUse--;
    return frame;
  }

  give(frame: Frame): void {
    this.inUse--;
    frame.isCode = false;
    this.free.push(frame);
  }

  /** New memory that is never given back here: its owner keeps it, and counts it in `inUse` while it is in use. */
  cutRun(pages: number, va: Va): Run {
    const { pageBytes, physical } = this;
    const size = pages * pageBytes;
    const isRoom = pages <= this.uncutPages();
    if (!isRoom && !this.spills) throw this.full(va);
    const { buffer, byteOffset: start } = isRoom ? physical!.subarray(this.cut) : new Uint8Array(size);
    if (isRoom) this.cut += size;
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
    return this.physical === undefined ? 0 : Math.floor((this.physical.byteLength - this.cut) / this.pageBytes);
  }

  private full(va: Va): KernelFault {
    return new KernelFault("noMemory", va, `all ${this.physical?.byteLength} bytes of physical memory are in use`);
  }
}
