// Decoded pages of code that stays: a record for each word, kept by its address, so that a kernel is decoded once. Behind
// the records of a page lie a bit for each word at which to stop, and one for each that was executed.

import type { Va } from "../../machine/address.js";
import { assert } from "../../spec/assert.js";
import type { Stops } from "../stops.js";
import { RECORD_BYTES_PER_BYTE } from "./layout.js";
import type { Interpreter } from "./module.js";

/**
 * A page that code is fetched from. On a `tracked` one the interpreter stops before whatever may make fetches stale; on a
 * `stale` one each instruction is looked at.
 */
export interface FetchPage {
  readonly va: Va;
  readonly kind: "plain" | "tracked" | "stale";
  readonly frame: number;
  readonly records: number;
}

interface CodePage {
  /** Where its records begin in linear memory. */
  readonly records: number;
  readonly stops: Uint8Array;
  readonly executed: Uint8Array;
}

/** The pages of one set of stops. */
interface Known {
  /** Of the stops as the pages have them. */
  generation: number;
  readonly pages: Map<Va, CodePage>;
  /** What was executed on pages whose records are gone. */
  readonly before: Map<Va, Uint8Array>;
}

const RECORD_ALIGN = 16;

export class CodePages {
  private readonly known = new WeakMap<Stops, Known>();
  private readonly all: Known[] = [];
  private used = 0;

  /** @param area the part of linear memory that pages may take. */
  constructor(
    private readonly interpreter: Interpreter,
    private readonly area: Uint8Array<ArrayBuffer>,
    private readonly onForget: () => void,
  ) {}

  /** Where the records of the page are. Records of other pages may be gone after this. */
  open(stops: Stops, page: Va, pageBytes: number): number {
    const { pages } = this.of(stops);
    const known = pages.get(page);
    if (known !== undefined) return known.records;
    const bitBytes = pageBytes / 32;
    const size = Math.ceil((pageBytes * RECORD_BYTES_PER_BYTE + 2 * bitBytes) / RECORD_ALIGN) * RECORD_ALIGN;
    if (this.used + size > this.area.length) {
      this.forgetAll();
      return this.open(stops, page, pageBytes);
    }
    const bits = this.used + pageBytes * RECORD_BYTES_PER_BYTE;
    const made: CodePage = {
      records: this.area.byteOffset + this.used,
      stops: this.area.subarray(bits, bits + bitBytes),
      executed: this.area.subarray(bits + bitBytes, bits + 2 * bitBytes),
    };
    this.used += size;
    pages.set(page, made);
    for (const va of stops.within(page, pageBytes)) setBit(made.stops, (va - page) / 4);
    return made.records;
  }

  /** Let records be as the stops are now. */
  update(stops: Stops, pageBytes: number): void {
    const known = this.of(stops);
    if (known.generation === stops.generation) return;
    known.generation = stops.generation;
    for (const [page, { records, stops: bits }] of known.pages) {
      const before = bits.slice();
      bits.fill(0);
      for (const va of stops.within(page, pageBytes)) setBit(bits, (va - page) / 4);
      for (let i = 0; i < pageBytes / 4; i++) {
        if (bit(before, i) !== bit(bits, i)) this.interpreter.forgetRecord(records, 4 * i);
      }
    }
  }

  /** A number for each word from `from` on: 1 if it was executed. */
  executed(stops: Stops, from: Va, words: number, pageBytes: number): Uint8Array {
    const { pages, before } = this.of(stops);
    return Uint8Array.from({ length: words }, (_, i) => {
      const at = (from + 4 * i) % pageBytes;
      const page = from + 4 * i - at;
      return [pages.get(page)?.executed, before.get(page)].some((bits) => bits !== undefined && bit(bits, at / 4) === 1)
        ? 1
        : 0;
    });
  }

  private of(stops: Stops): Known {
    let known = this.known.get(stops);
    if (known === undefined) {
      known = { generation: stops.generation, pages: new Map(), before: new Map() };
      this.known.set(stops, known);
      this.all.push(known);
    }
    return known;
  }

  private forgetAll(): void {
    assert(this.used > 0, () => `records of a page need more than ${this.area.length} bytes`);
    for (const { pages, before } of this.all) {
      for (const [va, { executed }] of pages) before.set(va, union(executed, before.get(va)));
      pages.clear();
    }
    this.area.fill(0, 0, this.used);
    this.used = 0;
    this.onForget();
  }
}

const union = (a: Uint8Array, b: Uint8Array | undefined): Uint8Array => a.map((byte, i) => byte | (b?.[i] ?? 0));

const bit = (bits: Uint8Array, index: number): number => (bits[index >> 3]! >> (index & 7)) & 1;

function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3]! |= 1 << (index & 7);
}
