// A recorded history of loads and frees of a real kernel, against both allocators: every header address, every new pack and
// every pack that goes back. Where new pages are mapped is the kernel's choice and is taken from the recording.

import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { CHUNK_BYTES, PACK_BYTES, packedBytes, ReferenceAllocator } from "../../spec/pack/allocator.js";
import { LITERAL_BYTES } from "../../spec/text/text.js";
import { defaultSubject } from "../../subjects/index.js";
import type { PacksView, Subject } from "../../subjects/subject.js";
import type { Disagreement } from "../verdict.js";

/** One line of the recording. */
export type TraceOp =
  | { readonly op: "load"; readonly id: number; readonly jitedLen: number; readonly image: number }
  /** `image`: where it lay, if the line says so. */
  | { readonly op: "free"; readonly id: number; readonly image?: number }
  /** The frees before it have reached the allocator. */
  | { readonly op: "settled" };

export interface AllocTraceReport {
  readonly loads: number;
  /** Loads whose header both allocators put where the kernel did. */
  readonly equal: number;
  readonly packsMade: number;
  readonly packsReturned: number;
  /** Larger than a pack. */
  readonly large: number;
  readonly failures: readonly AllocFailure[];
  /** Where the recording contradicts itself, so that nothing it says counts; it is run up to there. */
  readonly contradiction: Contradiction | undefined;
}
interface Contradiction {
  /** From 1. */
  readonly line: number;
  readonly expected: string;
  readonly got: string;
}
type AllocFailure = { readonly name: string } & Pick<Disagreement, "where" | "expected" | "got">;

const PAGE = 4096;
const LOW_48 = 0xffff_ffff_ffffn;

type Fields = Record<string, unknown>;

/** Whether a line belongs to a history of allocations. */
export const isTrace = (json: unknown): boolean => (json as Fields | null)?.op !== undefined;

/** @returns what is wrong with the line, as text */
export function readTraceOp(json: unknown): TraceOp | string {
  const { op, id, jitedLen, image } = (json ?? {}) as Fields;
  if (op === "settled") return { op };
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0) return `an id ${JSON.stringify(id)}`;
  if (op === "free" && image === undefined) return { op, id };
  if (op !== "load" && op !== "free") return `an operation ${JSON.stringify(op)}`;
  if (typeof image !== "string" || !/^0xffff[0-9a-f]{12}$/.test(image)) return `an address ${JSON.stringify(image)}`;
  const place = Number(BigInt(image) & LOW_48);
  if (op === "free") return { op, id, image: place };
  if (typeof jitedLen !== "number" || !Number.isInteger(jitedLen) || jitedLen <= 0 || jitedLen % 4 !== 0) {
    return `a length ${JSON.stringify(jitedLen)}`;
  }
  return { op, id, jitedLen, image: place };
}

interface Live {
  readonly header: number;
  readonly bytes: number;
  /** Where the load stands: its line, from 1, and whether both allocators put it there. */
  readonly line: number;
  readonly isPlaced: boolean;
}

export const compareTrace = (name: string, ops: readonly TraceOp[], subject = defaultSubject): AllocTraceReport =>
  new Comparison(name, subject).run(ops);

class Comparison {
  /** All that is loaded, to the allocators: a free may not have reached them yet. */
  private readonly live = new Map<number, Live>();
  /** Ids that are loaded and not freed, by the lines so far. */
  private readonly loaded = new Set<number>();
  private contradiction: Contradiction | undefined;
  /** Frees that may or may not have reached the allocator yet, in order. */
  private readonly pending: number[] = [];
  private readonly count = { loads: 0, equal: 0, packsMade: 0, packsReturned: 0, large: 0 };
  private readonly failures: AllocFailure[] = [];
  /** Where the kernel maps next: set before each load. */
  private next: number | undefined;
  private readonly reference = new ReferenceAllocator(() => this.next);
  private readonly tested: TestedPacks;

  constructor(
    private readonly name: string,
    subject: Subject,
  ) {
    this.tested = new TestedPacks(subject, () => this.next);
  }

  run(ops: readonly TraceOp[]): AllocTraceReport {
    for (const [i, op] of ops.entries()) {
      const problem = this.problemOf(op);
      if (problem !== undefined) {
        this.contradiction = { line: i + 1, ...problem };
        break;
      }
      if (op.op === "load") this.load(op, i);
      else if (op.op === "free") this.pending.push(op.id);
      else this.settle(this.pending.length);
    }
    this.settle(this.pending.length);
    return { ...this.count, failures: this.failures, contradiction: this.contradiction };
  }

  /** What no kernel does, whatever its allocator. */
  private problemOf(op: TraceOp): Omit<Contradiction, "line"> | undefined {
    if (op.op === "settled") return undefined;
    const { id } = op;
    if (op.op === "free") {
      const live = this.live.get(id);
      if (!this.loaded.delete(id))
        return { expected: "a free of what is loaded", got: `a free of ${id}, which is not` };
      const elsewhere =
        op.image !== undefined && live !== undefined && op.image - (op.image % CHUNK_BYTES) !== live.header;
      if (elsewhere) return { expected: `a free of ${id} where it was loaded`, got: `one at ${hex(op.image)}` };
      if (live?.isPlaced !== false) return undefined;
      const expected = `a free of what lies where a first fit puts it, since line ${live.line} says where that was`;
      return { expected, got: `a free of ${id}, which lies elsewhere` };
    }
    if (this.loaded.has(id)) return { expected: "an id of its own", got: `a load of ${id}, which is loaded already` };
    const header = op.image - (op.image % CHUNK_BYTES);
    const end = header + packedBytes(op.jitedLen + LITERAL_BYTES);
    const other = [...this.loaded].find((one) => {
      const { header: at, bytes } = this.live.get(one)!;
      return at < end && header < at + bytes;
    });
    this.loaded.add(id);
    if (other === undefined) return undefined;
    return { expected: "memory that nothing lives in", got: `a load of ${id} over ${other}, which is loaded` };
  }

  private load({ id, jitedLen, image }: TraceOp & { op: "load" }, line: number): void {
    this.count.loads++;
    const header = image - (image % CHUNK_BYTES);
    const bytes = packedBytes(jitedLen + LITERAL_BYTES);
    if (this.count.loads === 1) this.occupy(header);
    this.settle(this.settledBefore(header, bytes));
    this.next = this.mappedFor(header, bytes);
    const packs = this.reference.packs.length;
    const expected = this.reference.alloc(bytes);
    const got = this.tested.alloc(bytes);
    if (bytes > PACK_BYTES) this.count.large++;
    else this.count.packsMade += this.reference.packs.length - packs;
    const isPlaced = expected === header && got === header;
    this.live.set(id, { header, bytes, line: line + 1, isPlaced });
    if (isPlaced) this.count.equal++;
    else {
      const places = `${hex(expected)} by the reference, ${hex(got)} by the implementation`;
      this.fail(`${this.name}:${line + 1}`, "where an image goes", hex(header), places);
    }
  }

  /** What the kernel had there before the recording began: all of the first pack below the first header. */
  private occupy(header: number): void {
    const base = header - (header % PAGE);
    if (header === base) return;
    this.next = base;
    this.reference.alloc(header - base);
    this.tested.alloc(header - base);
  }

  /** A header outside all packs is the first of a new one, which begins with it. */
  private mappedFor(header: number, bytes: number): number | undefined {
    const { packs } = this.reference;
    const isInside = packs.some(({ base }) => header >= base && header < base + PACK_BYTES);
    return isInside && bytes <= PACK_BYTES ? undefined : header;
  }

  /** How many of the pending frees came before this load: as few as it takes for it to go where it went; all if none do. */
  private settledBefore(header: number, bytes: number): number {
    const { reference, pending } = this;
    const { packs, large } = reference;
    const fits = (count: number): boolean => {
      for (const id of pending.slice(0, count)) {
        const live = this.live.get(id);
        if (live !== undefined) reference.free(live.header);
      }
      this.next = this.mappedFor(header, bytes);
      const at = reference.alloc(bytes);
      reference.packs = packs;
      reference.large = large;
      return at === header;
    };
    let count = 0;
    while (count < pending.length && !fits(count)) count++;
    return count;
  }

  /** The first pending frees reach the allocators. */
  private settle(count: number): void {
    for (const id of this.pending.splice(0, count)) this.free(id);
  }

  private free(id: number): void {
    const live = this.live.get(id);
    if (live === undefined) return;
    this.live.delete(id);
    const freed = this.reference.free(live.header);
    const returned = this.tested.free(live);
    if (freed.kind === "packReturned") this.count.packsReturned++;
    if (returned === (freed.kind !== "chunks")) return;
    const name = `${this.name}, free of ${id}`;
    this.fail(name, "whether its pages go back", `${!returned}, as by the reference`, `${returned}`);
  }

  private fail(name: string, where: string, expected: string, got: string): void {
    this.failures.push({ name, where, expected, got });
  }
}

/** The subject's packs, with the addresses of our machine told as the kernel's. */
class TestedPacks {
  private readonly machine = new Machine({ vmallocBytes: 0x4000_0000 });
  private readonly packs: PacksView;
  /** Where our machine mapped it -> where the kernel did. */
  private readonly kernelBase = new Map<number, number>();
  private readonly places = new Map<number, RoAddr>();

  constructor(
    subject: Subject,
    private readonly mapped: () => number | undefined,
  ) {
    this.packs = subject.boot({ machine: this.machine, random: () => 0 }).packs;
  }

  alloc(bytes: number): number | undefined {
    const at = this.packs.bpfProgPackAlloc(bytes);
    if (at === undefined) return undefined;
    const base = this.packs.packOf(at)?.base ?? at;
    const kernel = this.kernelBase.get(base) ?? this.mapped();
    if (kernel === undefined) return undefined;
    this.kernelBase.set(base, kernel);
    const va = kernel + (at - base);
    this.places.set(va, at);
    return va;
  }

  /** @returns whether pages went back. */
  free({ header, bytes }: Live): boolean {
    const at = this.places.get(header);
    if (at === undefined) return false;
    const base = this.packs.packOf(at)?.base ?? at;
    this.packs.bpfProgPackFree(at, bytes);
    this.places.delete(header);
    const isGone = this.machine.mapping(base) === undefined;
    if (isGone) this.kernelBase.delete(base);
    return isGone;
  }
}

const hex = (va: number | undefined): string => (va === undefined ? "nowhere" : `0xffff${va.toString(16)}`);
