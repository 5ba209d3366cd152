// The regions of a program in the linear memory of the compiled interpreter: where each lies there, and at which addresses the
// program finds it.

import type { RegionBytes } from "../bpf/outcome.js";
import type { Range } from "../bpf/program.js";
import { copyOf } from "../slab.js";
import * as at from "./layout.js";

export class RegionTable {
  protected readonly bytes: Uint8Array;
  protected readonly words: Uint32Array;
  protected readonly wide: BigUint64Array;

  constructor(buffer: ArrayBuffer) {
    this.bytes = new Uint8Array(buffer);
    this.words = new Uint32Array(buffer);
    this.wide = new BigUint64Array(buffer);
  }

  protected setRegion(index: number, place: number, written: number, isReadOnly = false): void {
    const entry = (at.REGIONS + index * at.REGION_BYTES) / 4;
    this.words[entry + at.REGION_PLACE / 4] = place;
    this.words[entry + at.REGION_WRITTEN / 4] = written;
    this.words[entry + at.REGION_FIELDS / 4] = 0;
    this.words[entry + at.REGION_READ_ONLY / 4] = isReadOnly ? 1 : 0;
  }

  /** The full 64-bit address of a place that is given by its low 48 bits. */
  protected setAddress(place: number, va: number): void {
    this.words[place / 4] = va % 2 ** 32;
    this.words[place / 4 + 1] = 0xffff_0000 + Math.floor(va / 2 ** 32);
  }

  protected setRange(index: number, { base, bytes }: Range): void {
    const entry = at.REGIONS + index * at.REGION_BYTES;
    this.setAddress(entry + at.REGION_BASE, base);
    this.words[(entry + at.REGION_SIZE) / 4] = bytes;
  }

  protected placeOf(index: number): number {
    return this.words[(at.REGIONS + index * at.REGION_BYTES + at.REGION_PLACE) / 4]!;
  }

  protected region(name: string, index: number): RegionBytes {
    const entry = (at.REGIONS + index * at.REGION_BYTES) / 4;
    const place = this.placeOf(index);
    return { name, bytes: copyOf(this.bytes, place, place + this.words[entry + at.REGION_SIZE / 4]!) };
  }
}
