// The machine's log of a step, folded once: who stored into text, under which locks and through which alias, and what
// became of the bytes in the caches. A poke begins where patchLock is taken and lasts until it is taken again, so that the
// cache maintenance behind it belongs to it. Oracles read this and never the events themselves.

import type { Va } from "../../machine/address.js";
import type { LockName } from "../../machine/event.js";
import type { Permission } from "../../machine/page-table.js";
import { isAlias, type TraceEvent } from "../../subjects/step.js";

/** `at`, here and below: index of the event in the log. */
interface Span {
  readonly at: number;
  readonly va: Va;
  readonly bytes: number;
}

/** Locks that a CPU holds, from the innermost outwards; undefined for none. */
type Held = { readonly lock: LockName; readonly outer: Held } | undefined;

export const holds = (held: Held, lock: LockName): boolean =>
  held !== undefined && (held.lock === lock || holds(held.outer, lock));

interface Flush extends Span {
  readonly isUnderLock: boolean;
}

/** Bytes stored into text through the fixmap slot; `va` is the text address. */
export interface Store extends Span {
  readonly held: Held;
  /** The slot was mapped. */
  readonly isMapped: boolean;
  /** The first one after it, within the same poke. */
  flush: Flush | undefined;
}

/** Part of a store: [from, to). */
export interface Piece {
  readonly store: Store;
  from: Va;
  to: Va;
  cacheState: "stored" | "cleaned" | "invalidated";
  /** A bit for each CPU that synchronized after the invalidation. */
  synced: number;
}

/** A call that stores into text: `aarch64_insn_copy()` and its like. */
interface Poke {
  /** False for what the log has before the first poke. */
  readonly isLocked: boolean;
  /** What its CPU held beside patchLock. */
  readonly held: Held;
  readonly stores: Store[];
  /** Of all stores. */
  readonly pieces: Piece[];
  /** Range flushes behind it. */
  readonly flushes: Flush[];
  /** One instruction under textMutex: the other CPUs may go on with the old one for a while. */
  isSingle: boolean;
}

export interface TextLog {
  readonly pokes: readonly Poke[];
  /** The writable alias came or went without patchLock. */
  readonly strayAliases: readonly { readonly at: number; readonly kind: "map" | "unmap" }[];
  /** patchLock was released while the alias was still mapped, or after that might still be in a TLB. */
  readonly leftAliases: readonly { readonly at: number; readonly isMapped: boolean }[];
  /** Cache maintenance by the address of the alias. */
  readonly aliasUpkeep: readonly (Span & { readonly kind: string })[];
  /** Of executable memory. */
  readonly allocations: readonly (Span & { readonly kind: "alloc" | "free"; readonly held: Held })[];
  readonly permissions: readonly (Span & { readonly permission: Permission })[];
  /** Locks that were taken under others, and those that were released while they were not the innermost. */
  readonly nested: readonly {
    readonly at: number;
    readonly kind: "lock" | "unlock";
    readonly cpu: number;
    readonly lock: LockName;
    /** Before it. */
    readonly held: Held;
  }[];
  /** How many times. */
  readonly packMutexTaken: number;
  /** By CPU, at the end. */
  readonly held: readonly Held[];
  /** Bytes cleaned from the data cache. */
  readonly cleanedBytes: number;
}

let last: { readonly events: readonly TraceEvent[]; readonly log: TextLog } | undefined;

/** Oracles ask about one step after the other, so the last log is kept. */
export function textLog(events: readonly TraceEvent[]): TextLog {
  if (last?.events !== events) last = { events, log: new Fold(events) };
  return last.log;
}

const NO_PIECES: Piece[] = [];

function without(held: Held, lock: LockName): Held {
  if (held === undefined) return undefined;
  const outer = without(held.outer, lock);
  return held.lock === lock ? outer : { lock: held.lock, outer };
}

class Fold implements TextLog {
  readonly pokes: Poke[] = [];
  readonly strayAliases: TextLog["strayAliases"][number][] = [];
  readonly leftAliases: TextLog["leftAliases"][number][] = [];
  readonly aliasUpkeep: TextLog["aliasUpkeep"][number][] = [];
  readonly allocations: TextLog["allocations"][number][] = [];
  readonly permissions: TextLog["permissions"][number][] = [];
  readonly nested: TextLog["nested"][number][] = [];
  readonly held: Held[] = [];
  packMutexTaken = 0;
  cleanedBytes = 0;
  private alias: "gone" | "mapped" | "in a TLB" = "gone";
  /** Stores into pages that are not executable yet. */
  private readonly preparing: Omit<Span, "at">[] = [];
  /** Somebody holds patchLock. */
  private isLocked = false;

  constructor(events: readonly TraceEvent[]) {
    for (let at = 0; at < events.length; at++) this.event(events[at]!, at);
  }

  private event(event: TraceEvent, at: number): void {
    switch (event.kind) {
      case "lock":
      case "unlock":
        this.lock(event, at);
        break;
      case "textWrite":
        this.store(event, at);
        break;
      case "write":
        this.preparing.push(event);
        break;
      case "map":
      case "unmap":
        if (!isAlias(event.va)) break;
        this.alias = event.kind === "map" ? "mapped" : "in a TLB";
        if (!holds(this.held[event.cpu], "patchLock")) this.strayAliases.push({ at, kind: event.kind });
        break;
      case "invalidateTlb":
        if (isAlias(event.va) && this.alias === "in a TLB") this.alias = "gone";
        break;
      case "flush":
      case "clean":
      case "invalidate":
        this.upkeep(event, at);
        break;
      case "contextSync":
        for (const piece of this.pending) if (piece.cacheState === "invalidated") piece.synced |= 1 << event.cpu;
        break;
      case "setPermission":
        if (this.preparing.length > 0) this.preparing.length = 0;
        this.permissions.push({ at, va: event.va, bytes: event.bytes, permission: event.permission });
        break;
      case "alloc":
      case "free":
        if (event.area !== "vmalloc") break;
        this.allocations.push({ at, kind: event.kind, va: event.va, bytes: event.bytes, held: this.held[event.cpu] });
        break;
    }
  }

  private get poke(): Poke {
    return this.pokes.at(-1) ?? this.begin(false, undefined);
  }

  /** What cache maintenance may reach now: of a single instruction, only what came before the end of textMutex. */
  private get pending(): Piece[] {
    const poke = this.pokes.at(-1);
    return poke === undefined || poke.isSingle ? NO_PIECES : poke.pieces;
  }

  private begin(isLocked: boolean, held: Held): Poke {
    const poke: Poke = { isLocked, held, stores: [], pieces: [], flushes: [], isSingle: false };
    this.pokes.push(poke);
    return poke;
  }

  private lock({ kind, cpu, lock }: Omit<TextLog["nested"][number], "at" | "held">, at: number): void {
    const held = this.held[cpu];
    const isTaken = kind === "lock";
    if (isTaken ? held !== undefined : held?.lock !== lock) this.nested.push({ kind, cpu, lock, at, held });
    this.held[cpu] = isTaken ? { lock, outer: held } : without(held, lock);
    if (lock === "packMutex" && isTaken) this.packMutexTaken++;
    if (lock === "textMutex" && !isTaken) this.endSingle();
    if (lock !== "patchLock") return;
    this.isLocked = isTaken;
    if (isTaken) this.begin(true, held);
    else if (this.alias !== "gone") this.leftAliases.push({ at, isMapped: this.alias === "mapped" });
  }

  private store({ cpu, va, bytes }: Omit<Span, "at"> & { readonly cpu: number }, at: number): void {
    const store: Store = { at, va, bytes, held: this.held[cpu], isMapped: this.alias === "mapped", flush: undefined };
    const { poke } = this;
    poke.stores.push(store);
    poke.pieces.push({ store, from: va, to: va + bytes, cacheState: "stored", synced: 0 });
  }

  private endSingle(): void {
    const poke = this.pokes.at(-1);
    const store = poke?.stores.at(-1);
    if (poke !== undefined && store?.bytes === 4 && holds(store.held, "textMutex")) poke.isSingle = true;
  }

  private upkeep(event: Omit<Span, "at"> & { readonly kind: "flush" | "clean" | "invalidate" }, at: number): void {
    const { kind, va, bytes } = event;
    if (kind === "clean") this.cleanedBytes += bytes;
    if (isAlias(va)) this.aliasUpkeep.push({ kind, at, va, bytes });
    if (kind === "flush") this.flush({ at, va, bytes, isUnderLock: this.isLocked });
    else if (kind === "clean") this.advance("stored", "cleaned", va, va + bytes);
    else this.advance("cleaned", "invalidated", va, va + bytes);
  }

  private flush(flush: Flush): void {
    const { poke, preparing } = this;
    for (const store of poke.stores) store.flush ??= flush;
    const end = flush.va + flush.bytes;
    for (const { va, bytes } of preparing) {
      if (va >= end || flush.va >= va + bytes) continue;
      // What was prepared before it becomes executable is flushed for itself.
      preparing.length = 0;
      return;
    }
    poke.flushes.push(flush);
  }

  /** Pieces of [from, to) go from one cacheState to the next; one that is covered in part is cut. */
  private advance(before: Piece["cacheState"], after: Piece["cacheState"], from: Va, to: Va): void {
    const pieces = this.pending;
    for (let i = 0, count = pieces.length; i < count; i++) {
      const piece = pieces[i]!;
      if (piece.cacheState !== before || piece.to <= from || to <= piece.from) continue;
      if (piece.from < from) pieces.push({ ...piece, to: from });
      if (piece.to > to) pieces.push({ ...piece, from: to });
      piece.from = Math.max(from, piece.from);
      piece.to = Math.min(to, piece.to);
      piece.cacheState = after;
    }
  }
}
