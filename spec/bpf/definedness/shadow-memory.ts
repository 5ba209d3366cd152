// What is known of the bytes of memory: which are undefined, and where whole pointers lie. All that no one has said
// anything about is defined. Places are the low 48 bits of an address.

import { bitsOf, DEFINED, type Target, type Value } from "./value.js";

/** Undefined bytes are kept in blocks of this many, made when a byte of one becomes undefined. */
const BLOCK_BYTES = 512;
const POINTER_BYTES = 8;
const BYTE = 0xffn;

export class ShadowMemory {
  /** By number of the block: one byte for each byte, nonzero where it is undefined. */
  readonly #blocks = new Map<number, Uint8Array>();
  /** By the place of its first byte: the target of a pointer that was stored whole, and not written over since. */
  readonly #pointers = new Map<number, Target>();

  /** A frame that is entered: nothing in it is defined. */
  forget(place: number, bytes: number): void {
    this.#dropPointers(place, bytes);
    this.#fill(place, bytes, 1);
  }

  define(place: number, bytes: number): void {
    this.#dropPointers(place, bytes);
    this.#fill(place, bytes, 0);
  }

  load(place: number, size: number): Value {
    const undefinedBits = this.#undefinedBits(place, size);
    const target = size === POINTER_BYTES ? this.#pointers.get(place) : undefined;
    if (target === undefined) return undefinedBits === 0n ? DEFINED : bitsOf(undefinedBits);
    return { undefined: undefinedBits, target };
  }

  store(place: number, size: number, { undefined: undefinedBits, target }: Value): void {
    this.#dropPointers(place, size);
    if (size === POINTER_BYTES && target !== undefined) this.#pointers.set(place, target);
    if (undefinedBits === 0n) this.#fill(place, size, 0);
    else {
      for (let i = 0; i < size; i++) {
        this.#fill(place + i, 1, (undefinedBits >> BigInt(8 * i)) & BYTE ? 1 : 0);
      }
    }
  }

  /** One byte for each, 1 where it is defined; undefined if all of them are. */
  definedBytes(place: number, bytes: number): Uint8Array | undefined {
    if (this.isDefined(place, bytes)) return undefined;
    return Uint8Array.from({ length: bytes }, (_, i) => (this.#isUndefined(place + i) ? 0 : 1));
  }

  /** Give the bytes what `definedBytes` has said of others. */
  mark(place: number, bytes: number, defined: Uint8Array | undefined): void {
    this.define(place, bytes);
    defined?.forEach((isDefined, i) => {
      if (isDefined === 0) this.#fill(place + i, 1, 1);
    });
  }

  isDefined(place: number, bytes: number): boolean {
    if (this.#blocks.size === 0) return true;
    for (let at = place; at < place + bytes; ) {
      const block = this.#blocks.get(Math.floor(at / BLOCK_BYTES));
      const end = Math.min(place + bytes, (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES);
      if (block !== undefined) for (let i = at; i < end; i++) if (block[i % BLOCK_BYTES] !== 0) return false;
      at = end;
    }
    return true;
  }

  #undefinedBits(place: number, size: number): bigint {
    if (this.isDefined(place, size)) return 0n;
    let bits = 0n;
    for (let i = 0; i < size; i++) if (this.#isUndefined(place + i)) bits |= BYTE << BigInt(8 * i);
    return bits;
  }

  #isUndefined(place: number): boolean {
    return (this.#blocks.get(Math.floor(place / BLOCK_BYTES))?.[place % BLOCK_BYTES] ?? 0) !== 0;
  }

  #fill(place: number, bytes: number, value: 0 | 1): void {
    for (let at = place; at < place + bytes; ) {
      const number = Math.floor(at / BLOCK_BYTES);
      const end = Math.min(place + bytes, (number + 1) * BLOCK_BYTES);
      let block = this.#blocks.get(number);
      if (block === undefined && value === 1) {
        block = new Uint8Array(BLOCK_BYTES);
        this.#blocks.set(number, block);
      }
      const from = at % BLOCK_BYTES;
      block?.fill(value, from, from + end - at);
      at = end;
    }
  }

  /** Pointers of which a byte is stored over. */
  #dropPointers(place: number, bytes: number): void {
    if (this.#pointers.size === 0) return;
    if (bytes > this.#pointers.size) {
      for (const at of this.#pointers.keys()) {
        if (at > place - POINTER_BYTES && at < place + bytes) this.#pointers.delete(at);
      }
    } else for (let at = place - POINTER_BYTES + 1; at < place + bytes; at++) this.#pointers.delete(at);
  }
}
