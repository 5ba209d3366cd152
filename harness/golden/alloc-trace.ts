// A recorded history of loads and frees of a real kernel, against both allocators: every header address, every new pack and
// every pack that goes back. Where new pages are mapped is the kernel's choice and is taken from the recording.

import { ProgPacks } from "../../impl/pack/prog-pack.js";
import type { RoAddr } from "../../machine/address.js";
import { Machine } from "../../machine/machine.js";
import { PACK_BYTES, ReferenceAllocator } from "../../spec/pack/allocator.js";
import type { Failure } from "../report.js";

/** One line of the recording. */
export type TraceOp =
  | { readonly op: "load"; readonly id: number; readonly jitedLen: number; readonly image: number }
  | { readonly op: "free"; readonly id: number }
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
  readonly failures: readonly Failure[];
}

const CHUNK = 64;
const PAGE = 4096;
/** Literal of the jump behind the code, header, and what is never used. */
const BESIDE_CODE = 8 + 8 + 16;
const LOW_48 = 0xffff_ffff_ffffn;

export const isTrace = (text: string): boolean => /^\s*\{\s*"op"/.test(text);

/** @returns what is wrong with the line, as text */
export function parseTraceOp(text: string): TraceOp | string {
  const json: unknown = JSON.parse(text);
  const { op, id, jitedLen, image } = (json ?? {}) as Record<string, unknown>;
  if (op === "settled") return { op };
  if (typeof id !== "number" || !Number.isInteger(id) || id < 0) return `an id ${JSON.stringify(id)}`;
  if (op === "free") return { op, id };
  if (op !== "load") return `an operation ${JSON.stringify(op)}`;
  if (typeof jitedLen !== "number" || !Number.isInteger(jitedLen) || jitedLen <= 0 || jitedLen % 4 !== 0) {
    return `a length ${JSON.stringify(jitedLen)}`;
  }
  if (typeof image !== "string" || !/^0xffff[0-9a-f]{12}$/.test(image)) return `an address ${JSON.stringify(image)}`;
  return { op, id, jitedLen, image: Number(BigInt(image) & LOW_48) };
}

interface Live {
  readonly header: number;
  readonly bytes: number;
}

export function compareTrace(name: string, ops: readonly TraceOp[]): AllocTraceReport {
  return new Comparison(name).run(ops);
}

class Comparison {
  private readonly live = new Map<number, Live>();
  /** Frees that may or may not have reached the allocator yet, in order. */
  private pending: number[] = [];
  private readonly count = { loads: 0, equal: 0, packsMade: 0, packsReturned: 0, large: 0 };
  private readonly failures: Failure[] = [];
  /** Where the kernel maps next: set before each load. */
  private next: number | undefined;
  private readonly reference = new ReferenceAllocator(() => this.next);
  private readonly optimized: Optimized;

  constructor(private readonly name: string) {
    this.optimized = new Optimized(() => this.next);
  }

  run(ops: readonly TraceOp[]): AllocTraceReport {
    for (const [i, op] of ops.entries()) {
      if (op.op === "load") this.load(op, i);
      else if (op.op === "free") this.pending.push(op.id);
      else this.settle();
    }
    this.settle();
    return { ...this.count, failures: this.failures };
  }

  private load({ id, jitedLen, image }: TraceOp & { op: "load" }, line: number): void {
    this.count.loads++;
    const header = image - (image % CHUNK);
    const bytes = Math.ceil((jitedLen + BESIDE_CODE) / CHUNK) * CHUNK;
    if (this.count.loads === 1) this.occupy(header);
    if (this.pending.length > 0) this.settleFor(header, bytes);
    this.next = bytes > PACK_BYTES ? header : this.newPackAt(header);
    const packs = this.reference.packs.length;
    const expected = this.reference.alloc(bytes);
    const found = this.optimized.alloc(bytes);
    if (bytes > PACK_BYTES) this.count.large++;
    else this.count.packsMade += this.reference.packs.length - packs;
    this.live.set(id, { header, bytes });
    if (expected === header && found === header) this.count.equal++;
    else this.fail(line, header, expected, found);
  }

  /** What the kernel had there before the recording began: all of the first pack below the first header. */
  private occupy(header: number): void {
    const base = header - (header % PAGE);
    if (header === base) return;
    this.next = base;
    this.reference.alloc(header - base);
    this.optimized.alloc(header - base);
  }

  /** A header outside all packs is the first of a new one, which begins with it. */
  private newPackAt(header: number): number | undefined {
    const isInside = this.reference.packs.some(({ base }) => header >= base && header < base + PACK_BYTES);
    return isInside ? undefined : header;
  }

  private settle(): void {
    while (this.pending.length > 0) this.free(this.pending.shift()!);
  }

  /** Some of the pending frees may have come before this load: as few as it takes for the load to go where it went. */
  private settleFor(header: number, bytes: number): void {
    const { reference, pending } = this;
    const { packs, large } = reference;
    const fits = (count: number): boolean => {
      for (const id of pending.slice(0, count)) {
        const live = this.live.get(id);
        if (live !== undefined) reference.free(live.header);
      }
      this.next = bytes > PACK_BYTES ? header : this.newPackAt(header);
      const at = reference.alloc(bytes);
      reference.packs = packs;
      reference.large = large;
      return at === header;
    };
    let count = 0;
    while (count < pending.length && !fits(count)) count++;
    for (let i = 0; i < count; i++) this.free(pending.shift()!);
  }

  private free(id: number): void {
    const live = this.live.get(id);
    if (live === undefined) return;
    this.live.delete(id);
    const freed = this.reference.free(live.header);
    const returned = this.optimized.free(live);
    if (freed.kind === "packReturned") this.count.packsReturned++;
    if (returned === (freed.kind !== "chunks")) return;
    this.failures.push({
      name: `${this.name}, free of ${id}`,
      where: "whether its pages go back",
      expected: `${!returned}, as by the reference`,
      got: `${returned}`,
    });
  }

  private fail(line: number, header: number, expected: number | undefined, found: number | undefined): void {
    this.failures.push({
      name: `${this.name}:${line + 1}`,
      where: "where an image goes",
      expected: hex(header),
      got: `${hex(expected)} by the reference, ${hex(found)} by the implementation`,
    });
  }
}

/** The implementation on machines of our own, its packs told by the order in which they are made. */
class Optimized {
  private readonly machine = new Machine({ vmallocBytes: 0x4000_0000 });
  private readonly packs = new ProgPacks(this.machine);
  /** Where our machine mapped it -> where the kernel did. */
  private readonly kernelBase = new Map<number, number>();
  private readonly places = new Map<number, RoAddr>();

  constructor(private readonly mapped: () => number | undefined) {}

  alloc(bytes: number): number | undefined {
    const at = this.packs.bpfProgPackAlloc(bytes);
    if (at === undefined) return undefined;
    const base = this.packs.packOf(at)?.base ?? at;
    const known = this.kernelBase.get(base);
    const kernel = known ?? this.mapped();
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
