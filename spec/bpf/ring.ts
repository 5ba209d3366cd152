// Where records are sent to: a ring buffer, or perf events. What was sent is kept and compared.

import { pointerTo } from "./memory.js";
import { Records } from "./records.js";

/** A ring buffer, or perf events. A record may be reserved first and is sent, or dropped, later. */
export class RingState {
  readonly records: Records;
  /** Addresses of records that are reserved -> their bytes; they lie one behind the other. */
  readonly #reserved = new Map<bigint, number>();
  #taken = 0;

  constructor(
    readonly bytes: number,
    readonly base: number,
  ) {
    this.records = new Records(bytes);
  }

  /** The address of so many bytes, or 0. */
  reserve(bytes: number): bigint {
    const start = this.#taken + RING_HEADER_BYTES;
    if (bytes < 1 || start + bytes > this.bytes - this.records.bytes) return 0n;
    const address = pointerTo(this.base + start);
    this.#reserved.set(address, bytes);
    this.#taken = Math.ceil((start + bytes) / 8) * 8;
    return address;
  }

  /** Give a reserved record back. @returns its bytes; undefined for an address that is none */
  release(address: bigint): number | undefined {
    const bytes = this.#reserved.get(address);
    this.#reserved.delete(address);
    if (this.#reserved.size === 0) this.#taken = 0;
    return bytes;
  }
}

/** Kernel: BPF_RINGBUF_HDR_SZ. */
const RING_HEADER_BYTES = 8;
