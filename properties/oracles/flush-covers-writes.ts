// flush-covers-writes: what is stored into text must be cleaned, then invalidated, then every CPU must synchronize, in this
// order and over every byte, once. Followed from the log alone; no-stale-fetch asks the machine.

import type { Va } from "../../machine/address.js";
import { hex, isAlias, type Step, type TraceEvent, touched } from "../../subjects/step.js";
import { FlushCount } from "./flush-count.js";
import { type Oracle, PASS } from "./oracle.js";

export const flushCoversWrites: Oracle = {
  name: "flush-covers-writes",
  statement:
    "Every stored byte of text is cleaned, invalidated and synchronized on every CPU after its last store, by exactly one range flush a poke, at a cost in proportion to the program.",
  source: "linux v6.12 arch/arm64/kernel/patching.c, __text_poke(); the series, v4 to v6 of patch 3",
  check(step) {
    if (step.result.kind === "ran") return PASS;
    const follow = new Follow(
      step.scene.machine.cpus,
      step.patches.map(({ literal }) => literal),
    );
    for (const event of step.events) follow.event(event);
    follow.ended();
    return [...follow.count.breaches, ...follow.breaches, ...cost(step, follow)];
  },
};

const LITERAL_BYTES = 8;

type Stage = "stored" | "cleaned" | "invalidated";
interface Stored {
  readonly from: number;
  readonly to: number;
  stage: Stage;
  /** CPUs that synchronized since it was invalidated. */
  synced: number;
}

class Follow {
  readonly breaches: string[] = [];
  readonly count = new FlushCount();
  /** Pokes, and bytes stored by them. */
  pokes = 0;
  storedBytes = 0;
  /** Bytes cleaned. */
  cleanedBytes = 0;
  private pending: Stored[] = [];
  /** Stores into pages that are not executable yet. */
  private readonly preparing: { readonly from: number; readonly to: number }[] = [];
  private patching = false;
  /** The poke in progress stores one instruction and leaves the other CPUs alone. */
  private single = false;

  constructor(
    private readonly cpus: number,
    /** Addresses that code loads and nobody executes: fetches need not see them. */
    private readonly literals: readonly Va[],
  ) {}

  event(event: TraceEvent): void {
    if (event.kind === "flush") {
      if (this.isPreparation(event.va, event.va + event.bytes)) return;
      if (!this.count.isExpected) {
        this.breaches.push(`a flush of ${hex(event.va)}+${event.bytes}, where nothing was stored`);
      }
    }
    this.count.event(event);
    switch (event.kind) {
      case "lock":
        if (event.lock === "textMutex") this.patching = true;
        if (event.lock === "patchLock") this.begin();
        break;
      case "unlock":
        if (event.lock === "textMutex") this.endPatch();
        break;
      case "textWrite":
        this.storedBytes += event.bytes;
        if (event.bytes === LITERAL_BYTES && this.literals.includes(event.va)) {
          this.count.excuse();
          break;
        }
        this.single = this.patching && event.bytes === 4;
        this.pending.push({ from: event.va, to: event.va + event.bytes, stage: "stored", synced: 0 });
        break;
      case "write":
        this.preparing.push({ from: event.va, to: event.va + event.bytes });
        break;
      case "setPermission":
        this.preparing.length = 0;
        break;
      case "clean":
        this.cleanedBytes += event.bytes;
        this.advance("stored", "cleaned", event.va, event.va + event.bytes);
        break;
      case "invalidate":
        this.advance("cleaned", "invalidated", event.va, event.va + event.bytes);
        break;
      case "contextSync":
        for (const stored of this.pending) if (stored.stage === "invalidated") stored.synced |= 1 << event.cpu;
        break;
    }
  }

  /** The operation is over. */
  ended(): void {
    this.count.ended();
    this.complete();
  }

  /** What the last poke stored must have come to its end. */
  private complete(): void {
    const all = 2 ** this.cpus - 1;
    for (const { from, to, stage, synced } of this.pending) {
      if (stage === "invalidated" && synced === all) continue;
      const range = `${hex(from)}+${to - from}`;
      if (stage !== "invalidated") this.breaches.push(`${range} was ${stage}, and nothing after that`);
      else this.breaches.push(`${range} was invalidated, but not every CPU synchronized after that`);
    }
    this.pending = [];
  }

  private begin(): void {
    this.complete();
    this.single = false;
    this.pokes++;
  }

  /** A single instruction: this CPU sees it; the others may see either version (poke-atomic). */
  private endPatch(): void {
    this.patching = false;
    if (!this.single) return;
    const left = this.pending.filter(({ stage }) => stage !== "invalidated");
    for (const { from, stage } of left) this.breaches.push(`${hex(from)}+4 was ${stage}, and nothing after that`);
    this.pending = [];
  }

  /** A flush of what was prepared before it becomes executable is no poke's. */
  private isPreparation(from: number, to: number): boolean {
    if (!this.preparing.some((stored) => stored.from < to && from < stored.to)) return false;
    this.preparing.length = 0;
    return true;
  }

  /** Pieces of [from, to) go from one stage to the next; a piece that is covered in part is cut. */
  private advance(before: Stage, after: Stage, from: number, to: number): void {
    if (isAlias(from)) return;
    const [only] = this.pending;
    if (this.pending.length === 1 && only!.from >= from && only!.to <= to) {
      if (only!.stage === before) only!.stage = after;
      return;
    }
    this.pending = this.pending.flatMap((stored) => {
      if (stored.stage !== before || stored.to <= from || to <= stored.from) return [stored];
      const inside = { ...stored, from: Math.max(from, stored.from), to: Math.min(to, stored.to), stage: after };
      const below = { ...stored, to: inside.from };
      const above = { ...stored, from: inside.to };
      return [below, inside, above].filter((piece) => piece.from < piece.to);
    });
  }
}

/** Pokes a function or a trampoline may take: a publication, or a size and an invalidation, or both. */
const POKES_A_FUNCTION = 3;
/** The word at an entry, the address that its long jump leads to, and the word that releases a trampoline. */
const POKES_A_PATCH = 3;
const BYTES_A_PATCH = 16;
/** Stores of whole regions that a load which fails may take: one that failed, one that undid it. */
const STORES_OF_A_FAILED_LOAD = 2;

function cost(step: Step, { pokes, storedBytes, cleanedBytes }: Follow): readonly string[] {
  const { result, patches } = step;
  if (result.kind === "ran") return PASS;
  const regions = touched(step);
  const failed = result.kind === "refused" || (result.kind === "attached" && result.error !== 0) ? result : undefined;
  const functions = failed?.kind === "refused" ? failed.functions.length : Math.max(1, regions.length);
  const bytes = failed === undefined ? regions.reduce((sum, region) => sum + region.bytes, 0) : failed.bytes;
  const breaches: string[] = [];
  const mostPokes = functions * POKES_A_FUNCTION + patches.length * POKES_A_PATCH;
  if (pokes > mostPokes) breaches.push(`${pokes} pokes for ${functions} functions, expected at most ${mostPokes}`);
  const sizes = functions * 4;
  const most =
    (failed === undefined ? bytes : STORES_OF_A_FAILED_LOAD * bytes + sizes) + BYTES_A_PATCH * patches.length;
  if (storedBytes > most) {
    breaches.push(
      `${storedBytes} bytes were stored into text for ${bytes} bytes of programs, expected at most ${most}`,
    );
  }
  const mostCleaned = 2 * (most + bytes);
  if (cleanedBytes > mostCleaned + newRoom(step))
    breaches.push(`${cleanedBytes} bytes were cleaned for ${bytes} bytes of programs`);
  return breaches;
}

/** Memory that is mapped in this step is flushed as a whole. */
const newRoom = ({ events }: Step): number =>
  events.reduce((sum, e) => sum + (e.kind === "alloc" && e.area === "vmalloc" ? e.bytes : 0), 0);
