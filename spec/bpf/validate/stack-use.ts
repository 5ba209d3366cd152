// How deep the frame of each function is used. A frame pointer with a known offset is held to the frame; one that gets
// away, or whose offset is unknown, may reach all of it.

import { STACK_BYTES } from "../program.js";
import type { Report } from "./problem.js";

export class StackUse {
  /** By function index: bytes below r10 that are surely used. */
  readonly deepest: Int32Array;
  /** By function index, 1: any byte of the frame may be used. */
  readonly escapes: Uint8Array;
  /** By function index, 1: the function makes tail calls. */
  readonly tailCalls: Uint8Array;
  /** Which function the uses that follow are in. */
  current = 0;

  constructor(functions: number) {
    this.deepest = new Int32Array(functions);
    this.escapes = new Uint8Array(functions);
    this.tailCalls = new Uint8Array(functions);
  }

  /** `size` bytes at r10 + `offset` are used. */
  use(pc: number, offset: number, size: number, report: Report): void {
    if (offset < -STACK_BYTES || offset + size > 0) {
      const at = `${size} bytes at r10${offset < 0 ? "" : "+"}${offset}`;
      report(pc, "stackOutOfBounds", `${at}, expected r10-${STACK_BYTES} to r10-1`);
    } else if (-offset > this.deepest[this.current]!) this.deepest[this.current] = -offset;
  }

  escape(): void {
    this.escapes[this.current] = 1;
  }

  tailCall(): void {
    this.tailCalls[this.current] = 1;
  }

  /** Bytes, a multiple of 8 (Linux: grow_stack_state). */
  depth(functionIndex: number): number {
    return this.escapes[functionIndex] === 1 ? STACK_BYTES : Math.ceil(this.deepest[functionIndex]! / 8) * 8;
  }
}
