// Frames that do not lie in linear memory, for machines that were not made with it: copied in when a run first touches
// them, and back when anybody else may look. Slow, but any machine will do.

import type { Frame } from "../../machine/machine.js";
import { assert } from "../../spec/assert.js";

interface Shadow {
  readonly bytes: Uint8Array;
  written: boolean;
}

export class Shadows {
  private readonly byFrame = new Map<Frame, Shadow>();
  private used = 0;

  /** @param area the part of linear memory that copies may take. */
  constructor(private readonly area: Uint8Array<ArrayBuffer>) {}

  get isEmpty(): boolean {
    return this.byFrame.size === 0;
  }

  /** @returns where in the buffer the copy lies. */
  place(frame: Frame, mayBeWritten: boolean): number {
    const shadow = this.byFrame.get(frame) ?? this.copyIn(frame);
    shadow.written ||= mayBeWritten;
    return shadow.bytes.byteOffset;
  }

  copyBack(): void {
    for (const [frame, { bytes, written }] of this.byFrame) if (written) frame.bytes.set(bytes);
  }

  clear(): void {
    this.byFrame.clear();
    this.used = 0;
  }

  private copyIn(frame: Frame): Shadow {
    const size = frame.bytes.length;
    assert(
      this.used + size <= this.area.length,
      () =>
        `a run touches more than the ${this.area.length} bytes that can be copied: make the machine with engine.physical()`,
    );
    const bytes = this.area.subarray(this.used, this.used + size);
    bytes.set(frame.bytes);
    this.used += size;
    const shadow = { bytes, written: false };
    this.byFrame.set(frame, shadow);
    return shadow;
  }
}
