// The exclusive monitor as the reference has it: a reservation is of one block and one size, and a store of one's own to
// it ends it. QEMU compares values instead, so a store-exclusive that must fail may succeed there; those are found here
// and not left to it.

import { codeAddress } from "../../spec/a64/address.js";
import type { Cpu } from "./cpu.js";
import { baseOf, bytesOf, isExclusive, isLoadExclusive } from "./words.js";

/** As a base. */
const SP = 31;

interface Reservation {
  readonly address: bigint;
  readonly bytes: number;
}

export class Monitor {
  private reservation: Reservation | undefined;

  constructor(private readonly cpu: Cpu) {}

  /** @returns what to do instead of the instruction that is about to run, undefined if nothing. */
  before(word: number): "misaligned" | "fail" | undefined {
    if (!isExclusive(word)) return undefined;
    const address = this.cpu.readBase(baseOf(word));
    const bytes = bytesOf(word);
    const alignment = baseOf(word) === SP ? 16 : bytes;
    if (address % BigInt(alignment) !== 0n) return "misaligned";
    if (isLoadExclusive(word)) {
      this.reservation = { address, bytes };
      return undefined;
    }
    const { reservation } = this;
    this.reservation = undefined;
    return reservation?.address === address && reservation.bytes === bytes ? undefined : "fail";
  }

  /** A store is made. @param va the low 48 bits of a kernel address. */
  stored(va: number, bytes: number): void {
    if (this.reservation === undefined) return;
    const reserved = codeAddress(this.reservation.address);
    if (reserved === undefined) return;
    if (va < reserved + this.reservation.bytes && reserved < va + bytes) this.reservation = undefined;
  }

  clear(): void {
    this.reservation = undefined;
  }
}
