// Loads and stores as the machine's page table and the frame rules allow them. One page is kept at hand, as most
// accesses hit the page of the one before.

import type { Va } from "../../machine/address.js";
import type { Machine, Mapping } from "../../machine/machine.js";
import { type AccessBytes, SP } from "../../spec/a64/insn.js";
import type { Memory, State, Stop } from "../../spec/a64/state.js";
import { hex64 } from "../../spec/bits.js";

const NO_PAGE = -1;
/** In place of an address outside the kernel's half: below every range. */
const NOWHERE = -(2 ** 48);

/** The part of a machine that engines need. */
type PageTable = Pick<Machine, "pageBytes" | "mapping">;

export class DataSide implements Memory {
  private page: Va = NO_PAGE;
  private view!: DataView;
  private writable = false;
  /** One address, readable as a whole and by halves without making a bigint. */
  private readonly address = new BigUint64Array(1);
  private readonly halves = new Uint32Array(this.address.buffer);
  private readonly stackEnd: Va;

  /** @param stackLow, stackTop the stack; stores to the rest of its last page are refused as the caller's frame. */
  constructor(
    private readonly machine: PageTable,
    private readonly state: State,
    private readonly stackLow: Va,
    private readonly stackTop: Va,
  ) {
    this.stackEnd = Math.ceil(stackTop / machine.pageBytes) * machine.pageBytes;
  }

  /** Forget the page at hand: mappings may have changed. */
  flush(): void {
    this.page = NO_PAGE;
  }

  load(address: bigint, bytes: AccessBytes): bigint | Stop {
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
    }
  }

  store(address: bigint, bytes: AccessBytes, value: bigint): Stop | undefined {
    const va = this.locate(address);
    if (va < this.stackEnd && va + bytes > this.stackLow) {
      const stop = this.outsideFrame(va, bytes, true);
      if (stop !== undefined) return stop;
    }
    const offset = this.halves[0]! & (this.machine.pageBytes - 1);
    if (offset + bytes > this.machine.pageBytes) return this.storeAcross(address, bytes, value);
    if (va - offset !== this.page && !this.open(va - offset)) return refused("badWrite", address, bytes, "not mapped");
    if (!this.writable) return refused("badWrite", address, bytes, "not writable");
    switch (bytes) {
      case 1:
        this.view.setUint8(offset, Number(value & 0xffn));
        return undefined;
      case 2:
        this.view.setUint16(offset, Number(value & 0xffffn), true);
        return undefined;
      case 4:
        this.view.setUint32(offset, Number(value & 0xffff_ffffn), true);
        return undefined;
      case 8:
        this.view.setBigUint64(offset, value, true);
        return undefined;
    }
  }

  /** Low 48 bits of a kernel address, or `NOWHERE`; leaves the address in `halves`. */
  private locate(address: bigint): Va {
    this.address[0] = address;
    const high = this.halves[1]!;
    return high >= 0xffff_0000 ? (high - 0xffff_0000) * 2 ** 32 + this.halves[0]! : NOWHERE;
  }

  private open(page: Va): boolean {
    const mapping: Mapping | undefined = page < 0 ? undefined : this.machine.mapping(page);
    if (mapping === undefined) return false;
    this.page = page;
    this.view = mapping.frame.view;
    this.writable = mapping.permission === "rw";
    return true;
  }

  /** Bytes below SP belong to nobody, as an interrupt may write there; bytes from the stack's top on to the caller. */
  private outsideFrame(va: Va, bytes: AccessBytes, isStore: boolean): Stop | undefined {
    const sp = Number(BigInt.asUintN(48, this.state.x[SP]!));
    if (va < this.stackTop && va < sp) {
      const detail = `${bytes} bytes at ${sp - va} below sp: ${isStore ? "store to" : "load from"} ${hexVa(va)}`;
      return { why: "outsideFrame", detail };
    }
    if (isStore && va + bytes > this.stackTop) {
      return { why: "outsideFrame", detail: `store of ${bytes} bytes to ${hexVa(va)} in the caller's frame` };
    }
    return undefined;
  }

  /** Byte by byte, little-endian. */
  private loadAcross(address: bigint, bytes: AccessBytes): bigint | Stop {
    let value = 0n;
    for (let i = 0n; i < bytes; i++) {
      const byte = this.load(address + i, 1);
      if (typeof byte !== "bigint") return byte;
      value |= byte << (8n * i);
    }
    return value;
  }

  /** Both pages must take the store before any byte of it is made. */
  private storeAcross(address: bigint, bytes: AccessBytes, value: bigint): Stop | undefined {
    for (const at of [address, address + BigInt(bytes - 1)]) {
      const va = this.locate(at);
      const mapping = va < 0 ? undefined : this.machine.mapping(va);
      if (mapping?.permission !== "rw") {
        return refused("badWrite", at, 1, mapping === undefined ? "not mapped" : "not writable");
      }
    }
    for (let i = 0n; i < bytes; i++) {
      const stop = this.store(address + i, 1, (value >> (8n * i)) & 0xffn);
      if (stop !== undefined) return stop;
    }
    return undefined;
  }
}

const hexVa = (va: Va): string => hex64(0xffff_0000_0000_0000n + BigInt(va));

const refused = (why: "badRead" | "badWrite", address: bigint, bytes: number, problem: string): Stop => ({
  why,
  detail: `${why === "badRead" ? "load" : "store"} of ${bytes} bytes at ${hex64(address)}: ${problem}`,
});
