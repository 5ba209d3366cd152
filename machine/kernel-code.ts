// What a machine needs beside for kernel code that an engine runs: its stores are seen, and not made, here.

import type { Va } from "./address.js";
import { AddressSpace } from "./address-space.js";
import { CodeLines } from "./coherence.js";
import { mappingEvent, rangeEvent } from "./event.js";
import { KernelFault } from "./fault.js";
import { type Frame, PendingMapping, type Permission } from "./page-table.js";

/** A copy of kernel code that an engine makes store by store. */
interface CopyInProgress {
  readonly to: Va;
  readonly from: Va;
  readonly bytes: number;
}

/** Bytes whose stores somebody wants to hear of. */
interface Watch {
  readonly va: Va;
  readonly bytes: number;
  readonly told: () => void;
}

export class KernelCodeSpace extends AddressSpace {
  /** Stores into its target are told with the place that they were read from. */
  copying: CopyInProgress | undefined = undefined;
  private readonly watches: Watch[] = [];

  /** Change a page that no kernel manages, such as those of an image that was placed by hand. No TLB has seen it. */
  allow(va: Va, permission: Permission): void {
    this.eachPage(va, this.pageBytes, (page) => this.table.set(page, { frame: this.mapped(page).frame, permission }));
  }

  /**
   * Map pages with these contents and zeros behind them; without any, with what their frames held before. A page is filled when
   * somebody looks at it, as of an image most never are: contents must stay what they are.
   */
  place(va: Va, bytes: number, permission: Permission, contents?: Uint8Array): void {
    const { pageBytes } = this;
    this.eachPage(va, bytes, (page) => {
      if (this.table.get(page) !== undefined) throw new KernelFault("badMapping", page, "is already mapped");
      const take = (): Frame => {
        const frame = this.frames.takeReserved(page);
        frame.lines = undefined;
        if (contents !== undefined) {
          const piece = contents.subarray(page - va, page - va + pageBytes);
          frame.bytes.set(piece);
          frame.bytes.fill(0, piece.length);
        }
        return frame;
      };
      this.table.set(page, new PendingMapping(permission, take));
    });
    this.frames.reserve(Math.ceil(bytes / pageBytes));
    this.onEvent?.(mappingEvent("map", this.cpu, va, bytes, permission));
  }

  /** `told` hears of stores there by code that runs on an engine, such as to the word of a lock; they are no events. */
  watch(va: Va, bytes: number, told: () => void): void {
    this.watches.push({ va, bytes, told });
    this.mapped(va).frame.lines ??= new CodeLines(this.pageBytes);
  }

  /** The next `copy` by kernel code that an engine runs: @returns false if it is told to fail; then the slot is gone. */
  beginCopy(to: Va, from: Va, bytes: number): boolean {
    if (this.refuse("copy")) {
      this.table.set(this.fixmapSlot, undefined);
      return false;
    }
    this.copying = { to, from, bytes };
    return true;
  }

  protected forgetAlias(): void {
    this.copying = undefined;
    if (this.fixmap === undefined) return;
    this.fixmap = undefined;
    this.table.set(this.fixmapSlot, undefined);
  }

  /** Bytes there were stored by code that ran on an engine, which obeyed the page table. */
  stored(va: Va, bytes: number): void {
    for (let at = va; at < va + bytes; ) {
      const from = at % this.pageBytes;
      const piece = Math.min(va + bytes - at, this.pageBytes - from);
      const frame = this.table.get(at)?.frame;
      if (frame !== undefined) this.changed(frame, from, from + piece);
      at += piece;
    }
    const watch = this.watches.find((one) => va < one.va + one.bytes && one.va < va + bytes);
    if (watch === undefined) this.tellStored(va, bytes);
    else watch.told();
  }

  private tellStored(va: Va, bytes: number): void {
    const { copying: source, cpu } = this;
    const isCopied = source !== undefined && va >= source.to && va + bytes <= source.to + source.bytes;
    if (!isCopied) this.onEvent?.(rangeEvent("write", cpu, va, bytes));
    else this.onEvent?.(rangeEvent("write", cpu, va, bytes, source.from + va - source.to));
  }
}
