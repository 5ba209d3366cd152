// The words of one trampoline: counted in the size pass, written in the build pass. The size pass must come to at least
// as many as any build of the same trampoline, wherever it lies and whatever the heap address of its record is.

import { assert } from "../../spec/assert.js";
import type { Reg } from "../a64/registers.js";
import { NOP } from "../a64/system.js";
import { type Encoded, FILL } from "../a64/word.js";
import { movImm64 } from "../jit/constant.js";
import type { CodeSink } from "../jit/emitter.js";
import type { Halves } from "../jit/function.js";

const LONGEST_CONSTANT = 4;

interface TrampImagePlace {
  /** Words of the read-write image. */
  readonly image: Uint32Array;
  /** Low 48 bits of the address that it will run at. */
  readonly roImage: number;
}

export class TrampEmitter implements CodeSink {
  words = 0;

  constructor(private readonly place: TrampImagePlace | undefined) {}

  get hasImage(): boolean {
    return this.place !== undefined;
  }

  emit(encoded: Encoded): void {
    this.set(this.words, encoded);
    this.words++;
  }

  here(): number {
    return (this.place?.roImage ?? 0) + this.words * 4;
  }

  /** Emit a word whose final value is known later: the place to `patch`. */
  reserve(): number {
    this.emit(NOP);
    return this.words - 1;
  }

  patch(at: number, encoded: Encoded): void {
    this.set(at, encoded);
  }

  /** A value that the size pass does not know: it counts for the longest. */
  unknownConstant(rd: Reg, { high, low }: Halves): void {
    if (this.hasImage) movImm64(this, rd, high, low);
    else this.words += LONGEST_CONSTANT;
  }

  /** Whether one of the words is the illegal instruction. */
  hasFill(): boolean {
    return this.place?.image.subarray(0, this.words).includes(FILL) ?? false;
  }

  private set(at: number, encoded: Encoded): void {
    if (this.place === undefined) return;
    const { image } = this.place;
    assert(at < image.length, () => `word ${at} of a trampoline for which ${image.length} were counted`);
    image[at] = encoded < 0 ? FILL : encoded;
  }
}
