// What a program has sent somewhere, one record behind the other: to a ring buffer, to perf events, or to the kernel by a
// helper that programs see nothing of. It is compared like memory.

import { assert } from "../assert.js";

/** Which bytes of what was read are defined: one byte for each, zero where it is not; undefined if all of them are. */
type DefinedBytes = (part: Uint8Array) => Uint8Array | undefined;

export class Records {
  readonly #parts: Uint8Array[] = [];
  readonly #marks = new Map<Uint8Array, Uint8Array>();
  /** Of all records. */
  bytes = 0;

  /** @param most bytes that there is room for */
  constructor(readonly most: number) {}

  /** A record: its length and the numbers, four bytes each, then the parts. @returns whether there was room for it */
  append(numbers: readonly number[], parts: readonly Uint8Array[]): boolean {
    const header = Uint32Array.of(
      parts.reduce((n, part) => n + part.length, 0),
      ...numbers.map((number) => number >>> 0),
    );
    const record = [new Uint8Array(header.buffer), ...parts];
    const added = record.reduce((n, part) => n + part.length, 0);
    if (this.bytes + added > this.most) return false;
    this.#parts.push(...record);
    this.bytes += added;
    return true;
  }

  /** Some bytes of a part are undefined. @param defined one byte for each of them, zero where it is not */
  mark(part: Uint8Array, defined: Uint8Array): void {
    this.#marks.set(part, defined);
  }

  dump(): Uint8Array {
    const all = new Uint8Array(this.bytes);
    this.#place((part, at) => all.set(part, at));
    return all;
  }

  /** One byte for each byte of the dump; undefined if all of them are defined. @param of parts that nobody has marked */
  defined(of: DefinedBytes = () => undefined): Uint8Array | undefined {
    let all: Uint8Array | undefined;
    this.#place((part, at) => {
      const defined = this.#marks.get(part) ?? of(part);
      if (defined === undefined) return;
      assert(defined.length === part.length, () => `${defined.length} marks for ${part.length} bytes`);
      all ??= new Uint8Array(this.bytes).fill(1);
      all.set(defined, at);
    });
    return all;
  }

  #place(put: (part: Uint8Array, at: number) => void): void {
    let at = 0;
    for (const part of this.#parts) {
      put(part, at);
      at += part.length;
    }
  }
}
