// A kernel image in the memory of a machine. Its data are read-only until kernel code first stores into a page: then the
// page is remembered as it was, so that the next kernel to boot there puts back those few pages and nothing else.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { TypedImage } from "./kernel-image.js";

export class PlacedImage {
  /** Pages that were stored into, as they were before. */
  private readonly before = new Map<Va, Uint8Array>();
  private readonly end: Va;

  /** @param bytes of the image as it is to run, alternatives applied */
  constructor(
    readonly machine: Machine,
    private readonly image: TypedImage,
    bytes: Uint8Array,
  ) {
    const { pageBytes } = machine;
    const roundUp = (va: Va): Va => Math.ceil(va / pageBytes) * pageBytes;
    const { base } = image;
    const text = image.address("_stext") ?? base;
    const textFrom = text - (text % pageBytes);
    const textEnd = roundUp(image.address("_etext") ?? base);
    this.end = roundUp(base + image.imageBytes);
    if (textFrom > base) machine.map(base, textFrom - base, "ro");
    machine.map(textFrom, textEnd - textFrom, "rox");
    machine.map(textEnd, this.end - textEnd, "ro");
    machine.poke(base, bytes);
    machine.poke(base + bytes.length, new Uint8Array(this.end - base - bytes.length));
  }

  holds(va: Va): boolean {
    return va >= this.image.base && va < this.end;
  }

  /** Kernel code stores there. @returns whether that page is data of the image, and could not be stored into before. */
  makeWritable(va: Va): boolean {
    const { machine } = this;
    if (!this.holds(va) || machine.mapping(va)?.permission !== "ro") return false;
    const page = va - (va % machine.pageBytes);
    if (!this.before.has(page)) this.before.set(page, machine.peek(page, machine.pageBytes));
    machine.allow(page, "rw");
    return true;
  }

  /** Everything is as it was when the image was placed. */
  restore(): void {
    for (const [page, bytes] of this.before) this.machine.poke(page, bytes);
  }

  read(va: Va, bytes: number): Uint8Array {
    return this.machine.peek(va, bytes);
  }

  read64(va: Va): bigint {
    return new DataView(this.machine.peek(va, 8).buffer).getBigUint64(0, true);
  }

  /** As somebody would who is not under test. */
  write(va: Va, bytes: Uint8Array): void {
    const { pageBytes } = this.machine;
    for (let page = va - (va % pageBytes); page < va + bytes.length; page += pageBytes) this.makeWritable(page);
    this.machine.poke(va, bytes);
  }

  write64(va: Va, value: bigint): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.write(va, bytes);
  }

  /** Up to its zero byte, or 200 bytes. */
  text(va: Va): string {
    let out = "";
    for (let at = va; out.length < 200; at++) {
      const [byte = 0] = this.machine.mapping(at) === undefined ? [] : this.read(at, 1);
      if (byte === 0) break;
      out += String.fromCharCode(byte);
    }
    return out;
  }
}
