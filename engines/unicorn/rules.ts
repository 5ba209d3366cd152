// The rules about accesses that no page table can hold: the stack below SP, the caller's frame above it, the alignment of
// SP, and that a store which crosses into a page that refuses it changes nothing. Sees each store and each load from the
// stack before it is made; what it refuses cannot be stopped any more, so the old bytes are kept and put back.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { codeAddress } from "../../spec/a64/address.js";
import { hex64 } from "../../spec/bits.js";
import type { EngineFault } from "../engine.js";
import { failsSpuriously } from "../spurious.js";
import type { Cpu } from "./cpu.js";
import { type GuestAddress, hexAddress, signed, vaOf } from "./library.js";
import {
  baseOf,
  bytesOf,
  isAtomic,
  isBasedOnSp,
  isExclusive,
  isLoadAlone,
  isLoadExclusive,
  isWatched,
  offsetOf,
  pushOf,
} from "./words.js";

/** Why an instruction did not complete. */
interface Stop {
  readonly pc: Va;
  readonly why: EngineFault;
  readonly detail: string;
}

interface Overwritten {
  readonly va: Va;
  readonly bytes: Uint8Array;
}

export class AccessRules {
  stop: Stop | undefined;
  private overwritten: Overwritten[] = [];
  private readonly stackEnd: Va;

  constructor(
    private readonly cpu: Cpu,
    private readonly machine: Machine,
    private readonly stackLow: Va,
    private readonly stackTop: Va,
    /** Whether SP may be misaligned. */
    private readonly hasOddStack: () => boolean,
  ) {
    this.stackEnd = Math.ceil(stackTop / machine.pageBytes) * machine.pageBytes;
  }

  /** An access is about to be made. @returns why it must not be, unless that was told already. */
  check(isStore: boolean, address: GuestAddress, bytes: number): Stop | undefined {
    const va = vaOf(address);
    // After the first comes at most the other half of a pair.
    const stop = this.stop === undefined ? this.judge(va, bytes, isStore) : undefined;
    this.stop ??= stop;
    if (isStore && this.stop !== undefined && va !== undefined) this.keep(va, bytes);
    return stop;
  }

  /** Undo refused stores. */
  restore(): void {
    for (const { va, bytes } of this.overwritten) this.machine.poke(va, bytes);
    this.overwritten = [];
  }

  /** @param va undefined outside of the kernel's half. */
  private judge(va: Va | undefined, bytes: number, isStore: boolean): Stop | undefined {
    if (va === undefined) return this.hasOddStack() ? this.misalignedStack(vaOf(this.cpu.pc)!) : undefined;
    const isStack = va < this.stackEnd && va + bytes > this.stackLow;
    const stop = isStack || this.hasOddStack() ? this.judgeStack(va, bytes, isStore, isStack) : undefined;
    if (stop !== undefined) return stop;
    return isStore && (va % this.machine.pageBytes) + bytes > this.machine.pageBytes
      ? this.judgeCrossing(va, bytes)
      : undefined;
  }

  private judgeStack(va: Va, bytes: number, isStore: boolean, isStack: boolean): Stop | undefined {
    const sp = this.cpu.sp;
    const spVa = Number(BigInt.asUintN(48, sp));
    const isBelow = isStack && va < this.stackTop && va < spVa;
    const isAbove = isStack && isStore && va + bytes > this.stackTop;
    const isMisaligned = (sp & 15n) !== 0n;
    if (!isBelow && !isAbove && !isMisaligned) return undefined;
    const pc = vaOf(this.cpu.pc)!;
    const word = wordAt(this.machine, pc);
    const misaligned = isMisaligned ? this.misalignedStack(pc) : undefined;
    if (misaligned !== undefined) return misaligned;
    // That it is misaligned is the graver fault, and the emulator finds it.
    if (isAtomic(word) && va % bytes !== 0) return undefined;
    // A push is at SP itself. The library may report it lower: it rounds both parts of a load that crosses 1 KiB down.
    if (isBelow && pushOf(word) === 0) {
      const what = isStore ? "store to" : "load from";
      const detail = `${bytes} bytes at ${spVa - va} below sp: ${what} ${hexAddress(signed(va))}`;
      return { pc, why: "outsideFrame", detail };
    }
    if (!isAbove) return undefined;
    const detail = `store of ${bytes} bytes to ${hexAddress(signed(va))} in the caller's frame`;
    return { pc, why: "outsideFrame", detail };
  }

  /** The block that the instruction at `pc` is about to take, as a whole. @returns why it must not be */
  checkBlock(pc: Va, word: number): Stop | undefined {
    const register = this.cpu.readBase(baseOf(word));
    const bytes = bytesOf(word);
    const stop = isLoadAlone(word) || !isExclusive(word) ? this.judgeBlock(pc, register, bytes, "load") : undefined;
    this.stop ??= stop ?? (isLoadAlone(word) ? undefined : this.judgeBlock(pc, register, bytes, "store"));
    return this.stop;
  }

  private judgeBlock(pc: Va, register: bigint, bytes: number, what: "load" | "store"): Stop | undefined {
    const va = codeAddress(register);
    const isStore = what === "store";
    if (va !== undefined && va < this.stackEnd && va + bytes > this.stackLow) {
      const stop = this.judgeStack(va, bytes, isStore, true);
      if (stop !== undefined) return { ...stop, pc };
    }
    const mapping = va === undefined ? undefined : this.machine.mapping(va);
    if (mapping !== undefined && (!isStore || mapping.permission === "rw")) return undefined;
    const problem = mapping === undefined ? "not mapped" : "not writable";
    const detail = `${what} of ${bytes} bytes at ${hex64(register)}: ${problem}`;
    return { pc, why: isStore ? "badWrite" : "badRead", detail };
  }

  /** Whether the access at `pc` is based on a misaligned SP. */
  misalignedStack(pc: Va): Stop | undefined {
    const { sp } = this.cpu;
    if ((sp & 15n) === 0n || !isBasedOnSp(wordAt(this.machine, pc))) return undefined;
    return { pc, why: "misalignedStack", detail: `sp is ${hex64(sp)} in an access` };
  }

  /** Both pages must take the store before any byte of it is made. */
  private judgeCrossing(va: Va, bytes: number): Stop | undefined {
    for (const at of [va, va + bytes - 1]) {
      const mapping = this.machine.mapping(at);
      if (mapping?.permission === "rw") continue;
      const problem = mapping === undefined ? "not mapped" : "not writable";
      const detail = `store of 1 bytes at ${hexAddress(signed(at))}: ${problem}`;
      return { pc: vaOf(this.cpu.pc)!, why: "badWrite", detail };
    }
    return undefined;
  }

  private keep(va: Va, bytes: number): void {
    const { pageBytes } = this.machine;
    const inFirst = Math.min(bytes, pageBytes - (va % pageBytes));
    for (const [at, length] of [
      [va, inFirst],
      [va + inFirst, bytes - inFirst],
    ] as const) {
      const isWritable = length > 0 && this.machine.mapping(at)?.permission === "rw";
      if (isWritable) this.overwritten.unshift({ va: at, bytes: this.machine.peek(at, length) });
    }
  }
}

/** The word of code at `pc`; 0 if there is none. */
export function wordAt(machine: Machine, pc: Va): number {
  const mapping = machine.mapping(pc);
  return mapping === undefined || pc % 4 !== 0 ? 0 : mapping.frame.view.getUint32(pc % machine.pageBytes, true);
}

/** As a base. */
const SP = 31;

interface Reservation {
  readonly address: bigint;
  readonly bytes: number;
}

/**
 * The exclusive monitor as the reference has it: a reservation is of one block and one size, and a store of one's own to
 * it ends it. QEMU compares values instead, so a store-exclusive that must fail may succeed there; those are found here.
 */
export class ExclusiveMonitor {
  private reservation: Reservation | undefined;

  /** Store-exclusives so far that could succeed. */
  private count = 0;

  /** @param seed of those that fail all the same */
  constructor(
    private readonly cpu: Cpu,
    private readonly seed: number | undefined,
  ) {}

  /** @returns what to do instead of the instruction that is about to run, undefined if nothing. */
  before(word: number): "misaligned" | "fail" | undefined {
    if (!isWatched(word)) return undefined;
    const address = this.cpu.readBase(baseOf(word));
    const bytes = bytesOf(word);
    const isStackOdd = baseOf(word) === SP && address % 16n !== 0n;
    if (isStackOdd || (address + BigInt(offsetOf(word))) % BigInt(bytes) !== 0n) return "misaligned";
    if (!isExclusive(word)) return undefined;
    if (isLoadExclusive(word)) {
      this.reservation = { address, bytes };
      return undefined;
    }
    const { reservation } = this;
    this.reservation = undefined;
    if (reservation?.address !== address || reservation.bytes !== bytes) return "fail";
    return this.seed !== undefined && failsSpuriously(this.seed, this.count++) ? "fail" : undefined;
  }

  /** A store is made. @param va the low 48 bits of a kernel address. */
  stored(va: number, bytes: number): void {
    if (this.reservation === undefined) return;
    const reserved = codeAddress(this.reservation.address);
    if (reserved === undefined) return;
    if (va < reserved + this.reservation.bytes && reserved < va + bytes) this.reservation = undefined;
  }

  /** The store-exclusive that was about to run has not been made. */
  refused(word: number): void {
    if (this.seed !== undefined && isExclusive(word) && !isLoadExclusive(word)) this.count--;
  }

  clear(): void {
    this.reservation = undefined;
  }
}
