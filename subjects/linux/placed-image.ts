// A kernel image in the memory of a machine. Its data are read-only until kernel code first stores into a page: then the
// page is remembered as it was, so that the next kernel to boot there puts back those few pages and nothing else.

import type { Va } from "../../machine/address.js";
import { KernelFault } from "../../machine/fault.js";
import type { Frame, Machine, Permission } from "../../machine/machine.js";
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
    const place = (from: Va, to: Va, permission: Permission): void =>
      machine.place(from, to - from, permission, bytes.subarray(from - base, to - base));
    if (textFrom > base) place(base, textFrom, "ro");
    place(textFrom, textEnd, "rox");
    place(textEnd, this.end, "ro");
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

  /** Kernel structures are read word by word: no array is made for each. */
  read64(va: Va): bigint {
    const view = this.viewOf(va, 8);
    return view === undefined
      ? new DataView(this.machine.peek(va, 8).buffer).getBigUint64(0, true)
      : view.getBigUint64(va % this.machine.pageBytes, true);
  }

  /** @param bytes six at most */
  readNumber(va: Va, bytes: number): number {
    const { pageBytes } = this.machine;
    let value = 0;
    for (let at = va + bytes - 1; at >= va; at--) value = value * 256 + this.frameAt(at).bytes[at % pageBytes]!;
    return value;
  }

  /** As somebody would who is not under test. */
  write(va: Va, bytes: Uint8Array): void {
    const { pageBytes } = this.machine;
    for (let page = va - (va % pageBytes); page < va + bytes.length; page += pageBytes) this.makeWritable(page);
    this.machine.poke(va, bytes);
  }

  write64(va: Va, value: bigint): void {
    this.writeInto(va, 8, (view, at) => view.setBigUint64(at, BigInt.asUintN(64, value), true));
  }

  /** @param bytes six at most */
  writeNumber(va: Va, bytes: number, value: number): void {
    this.writeInto(va, bytes, (view, at) => {
      for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256)) view.setUint8(at + i, rest % 256);
    });
  }

  /** Straight into a page that nobody follows, else as bytes of their own. */
  private writeInto(va: Va, bytes: number, put: (view: DataView, at: number) => void): void {
    this.makeWritable(va);
    const { machine } = this;
    const view = machine.mapping(va)?.permission === "rw" ? this.viewOf(va, bytes) : undefined;
    if (view !== undefined) {
      put(view, va % machine.pageBytes);
      return;
    }
    const apart = new DataView(new ArrayBuffer(bytes));
    put(apart, 0);
    this.write(va, new Uint8Array(apart.buffer));
  }

  /** The page of something that lies in one; undefined where it does not. */
  private viewOf(va: Va, bytes: number): DataView | undefined {
    const { pageBytes } = this.machine;
    return (va % pageBytes) + bytes > pageBytes ? undefined : this.frameAt(va).view;
  }

  private frameAt(va: Va): Frame {
    const mapping = this.machine.mapping(va);
    if (mapping === undefined) throw new KernelFault("badMapping", va, "is not mapped");
    return mapping.frame;
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
