// Loads and stores as the machine's page table and the frame rules allow them. One page is kept at hand, as most
// accesses hit the page of the one before.

import { pointer, type Va } from "../../machine/address.js";
import { LINE_BYTES } from "../../machine/coherence.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import type { MaintenanceEffect } from "../../spec/a64/maintenance.js";
import { type AccessBytes, SP } from "../../spec/a64/registers.js";
import type { Memory, State, Stop } from "../../spec/a64/state.js";
import { hex64 } from "../../spec/bits.js";
import type { Notes } from "./notes.js";

const NO_PAGE = -1;
/** In place of an address outside the kernel's half: below every range. */
const NOWHERE = -(2 ** 48);

/** The machine must hear of what is pending before the instruction goes on. */
const AGAIN: Stop = { why: "again", address: 0n, detail: "" };

export class DataSide implements Memory {
  private page: Va = NO_PAGE;
  private view!: DataView;
  private writable = false;
  private tracked = false;
  /** A store was made, or maintenance completed. */
  didChange = false;
  /** One address, readable as a whole and by halves without making a bigint. */
  private readonly address = new BigUint64Array(1);
  private readonly halves = new Uint32Array(this.address.buffer);
  private readonly stackEnd: Va;

  /**
   * @param stackLow, stackTop the stack; stores to the rest of its last page are refused as the caller's frame. Kernel code
   * has none that is known.
   */
  constructor(
    private readonly machine: Machine,
    private readonly state: State,
    private readonly notes: Notes,
    private readonly stackLow: Va = 0,
    private readonly stackTop: Va = 0,
  ) {
    this.stackEnd = Math.ceil(stackTop / machine.pageBytes) * machine.pageBytes;
  }

  /** Forget the page at hand: mappings may have changed. */
  flush(): void {
    this.page = NO_PAGE;
  }

  load(address: bigint, bytes: AccessBytes | 16): bigint | Stop {
    const va = this.locate(address);
    if (va < this.stackEnd && va + bytes > this.stackLow) {
      const stop = this.outsideFrame(va, bytes, false);
      if (stop !== undefined) return stop;
    }
    const offset = this.halves[0]! & (this.machine.pageBytes - 1);
    if (offset + bytes > this.machine.pageBytes) return this.loadAcross(address, bytes);
    if (va - offset !== this.page && !this.open(va - offset)) return refused("badRead", address, bytes, "not mapped");
    switch (bytes) {
      case 1:
        return BigInt(this.view.getUint8(offset));
      case 2:
        return BigInt(this.view.getUint16(offset, true));
      case 4:
        return BigInt(this.view.getUint32(offset, true));
      case 8:
        return this.view.getBigUint64(offset, true);
      case 16:
        return this.view.getBigUint64(offset, true) | (this.view.getBigUint64(offset + 8, true) << 64n);
    }
  }

  store(address: bigint, bytes: AccessBytes | 16, value: bigint): Stop | undefined {
    const va = this.locate(address);
    if (va < this.stackEnd && va + bytes > this.stackLow) {
      const stop = this.outsideFrame(va, bytes, true);
      if (stop !== undefined) return stop;
    }
    const offset = this.halves[0]! & (this.machine.pageBytes - 1);
    if (offset + bytes > this.machine.pageBytes) return this.storeAcross(address, bytes, value);
    if (va - offset !== this.page && !this.open(va - offset)) return refused("badWrite", address, bytes, "not mapped");
    if (!this.writable) return refused("badWrite", address, bytes, "not writable");
    if (this.tracked && !this.notes.note("write", va, bytes)) return AGAIN;
    this.didChange = true;
    put(this.view, offset, bytes, value);
    return undefined;
  }

  maintain(effect: Exclude<MaintenanceEffect, "zero">, operand: bigint): Stop | undefined {
    const { notes } = this;
    switch (effect) {
      case "clean":
      case "invalidate":
        return notes.note(effect, this.locate(operand), LINE_BYTES) ? undefined : AGAIN;
      case "invalidateAll":
        return void notes.begin("invalidate", 0);
      case "all":
        return void notes.begin("translations", 0);
      case "page": {
        const va = this.locate(BigInt.asUintN(64, BigInt.asIntN(44, operand) << 12n));
        return void (va < 0 ? notes.beginNothing() : notes.begin("translations", va, 4096));
      }
      case "addressSpace":
        return void notes.beginNothing();
    }
  }

  complete(): void {
    if (this.notes.complete()) this.didChange = true;
  }

  synchronize(): void {
    this.notes.synchronize();
    this.didChange = true;
  }

  /** Low 48 bits of a kernel address, or `NOWHERE`; leaves the address in `halves`. */
  private locate(address: bigint): Va {
    this.address[0] = address;
    const high = this.halves[1]!;
    return high >= 0xffff_0000 ? (high - 0xffff_0000) * 2 ** 32 + this.halves[0]! : NOWHERE;
  }

  private isTracked(address: bigint): boolean {
    return this.machine.mapping(this.locate(address))?.frame.lines !== undefined;
  }

  private open(page: Va): boolean {
    const mapping: Mapping | undefined = page < 0 ? undefined : this.machine.mapping(page);
    if (mapping === undefined) return false;
    this.page = page;
    this.view = mapping.frame.view;
    this.writable = mapping.permission === "rw";
    this.tracked = mapping.frame.lines !== undefined;
    return true;
  }

  /** Bytes below SP belong to nobody, as an interrupt may write there; bytes from the stack's top on to the caller. */
  private outsideFrame(va: Va, bytes: number, isStore: boolean): Stop | undefined {
    const sp = Number(BigInt.asUintN(48, this.state.x[SP]!));
    const address = pointer(va);
    if (va < this.stackTop && va < sp) {
      const detail = `${bytes} bytes at ${sp - va} below sp: ${isStore ? "store to" : "load from"} ${hex64(address)}`;
      return { why: "outsideFrame", address, detail };
    }
    if (isStore && va + bytes > this.stackTop) {
      const detail = `store of ${bytes} bytes to ${hex64(address)} in the caller's frame`;
      return { why: "outsideFrame", address, detail };
    }
    return undefined;
  }

  /** Byte by byte, little-endian. */
  private loadAcross(address: bigint, bytes: number): bigint | Stop {
    let value = 0n;
    for (let i = 0n; i < bytes; i++) {
      const byte = this.load(address + i, 1);
      if (typeof byte !== "bigint") return byte;
      value |= byte << (8n * i);
    }
    return value;
  }

  /** Both pages must take the store before any byte of it is made. */
  private storeAcross(address: bigint, bytes: number, value: bigint): Stop | undefined {
    for (const at of [address, address + BigInt(bytes - 1)]) {
      const va = this.locate(at);
      const mapping = va < 0 ? undefined : this.machine.mapping(va);
      if (mapping?.permission !== "rw") {
        return refused("badWrite", at, 1, mapping === undefined ? "not mapped" : "not writable");
      }
    }
    const isTracked = [address, address + BigInt(bytes - 1)].some((at) => this.isTracked(at));
    if (isTracked && !this.notes.note("write", this.locate(address), bytes)) return AGAIN;
    for (let i = 0n; i < bytes; i++) {
      const stop = this.store(address + i, 1, (value >> (8n * i)) & 0xffn);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }
}

function put(view: DataView, offset: number, bytes: AccessBytes | 16, value: bigint): void {
  if (bytes === 1) view.setUint8(offset, Number(value & 0xffn));
  else if (bytes === 2) view.setUint16(offset, Number(value & 0xffffn), true);
  else if (bytes === 4) view.setUint32(offset, Number(value & 0xffff_ffffn), true);
  else view.setBigUint64(offset, value, true);
  if (bytes === 16) view.setBigUint64(offset + 8, value >> 64n, true);
}

const refused = (why: "badRead" | "badWrite", address: bigint, bytes: number, problem: string): Stop => ({
  why,
  address,
  detail: `${why === "badRead" ? "load" : "store"} of ${bytes} bytes at ${hex64(address)}: ${problem}`,
});
