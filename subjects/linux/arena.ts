// Memory for what callers of the JIT hand to it: programs, their auxiliary data, verifier environments. It is not the
// memory that is accounted for, and the kernel may give it back with its own functions.

import type { Va } from "../../machine/address.js";
import { POISON } from "../../machine/address-space.js";
import { KernelFault } from "../../machine/fault.js";
import type { Machine } from "../../machine/machine.js";
import { NotModelled } from "../not-modelled.js";

const BASE = 0x0000_1000_0000;
const BYTES = 16 << 20;
const ALIGN = 64;
/** Poisoned behind the last object: who reads over its end finds no zeros. All of the memory would take as long as many loads. */
const AHEAD_BYTES = 0x1_0000;

export class Arena {
  private readonly live = new Map<Va, number>();
  /** By size: places that were given back. */
  private readonly vacant = new Map<number, Va[]>();
  private next = BASE;
  /** Up to there nobody finds what memory held before the machine was made. */
  private poisoned = BASE;

  constructor(private readonly machine: Machine) {
    machine.place(BASE, BYTES, "rw");
  }

  holds(va: Va): boolean {
    return va >= BASE && va < BASE + BYTES;
  }

  /** Objects that live. */
  get objects(): number {
    return this.live.size;
  }

  /** Whether something lives that begins there. */
  isLive(va: Va): boolean {
    return this.live.has(va);
  }

  /** Of what begins there, rounded up. */
  bytesAt(va: Va): number {
    return this.live.get(va) ?? 0;
  }

  /** Zeroed. @throws NotModelled if there is no room left: a kernel has more memory than that */
  alloc(bytes: number): Va {
    const size = Math.ceil(Math.max(bytes, 1) / ALIGN) * ALIGN;
    const va = this.vacant.get(size)?.pop() ?? this.grow(size) ?? this.gather(size);
    if (va === undefined) throw new NotModelled(`${BYTES >> 20} MiB of programs and their parts`);
    this.fill(va, size, 0);
    this.live.set(va, size);
    return va;
  }

  free(va: Va): void {
    const size = this.live.get(va);
    if (size === undefined) throw new KernelFault("badFree", va, "no program or part of one begins here");
    this.live.delete(va);
    this.vacate(va, size);
  }

  private vacate(va: Va, size: number): void {
    const vacant = this.vacant.get(size);
    if (vacant === undefined) this.vacant.set(size, [va]);
    else vacant.push(va);
  }

  /** Of places that were given back side by side one is made, and of the last ones room to grow. */
  private gather(size: number): Va | undefined {
    const places = [...this.vacant].flatMap(([bytes, all]) => all.map((va) => ({ va, bytes })));
    places.sort((a, b) => a.va - b.va);
    this.vacant.clear();
    const merged: { va: Va; bytes: number }[] = [];
    for (const { va, bytes } of places) {
      const last = merged.at(-1);
      if (last !== undefined && last.va + last.bytes === va) last.bytes += bytes;
      else merged.push({ va, bytes });
    }
    const last = merged.at(-1);
    if (last !== undefined && last.va + last.bytes === this.next) this.next = merged.pop()!.va;
    const found = merged.find(({ bytes }) => bytes >= size);
    for (const place of merged) if (place !== found) this.vacate(place.va, place.bytes);
    if (found === undefined) return this.grow(size);
    if (found.bytes > size) this.vacate(found.va + size, found.bytes - size);
    return found.va;
  }

  /** Nothing is allocated any more. */
  clear(): void {
    this.live.clear();
    this.vacant.clear();
    this.next = BASE;
  }

  /** In place: arrays of zeros would be most of what a load has collected. */
  private fill(va: Va, bytes: number, value: number): void {
    const { machine } = this;
    const { pageBytes } = machine;
    for (let at = va; at < va + bytes; ) {
      const from = at % pageBytes;
      const to = Math.min(pageBytes, from + va + bytes - at);
      machine.mapping(at)!.frame.bytes.fill(value, from, to);
      at += to - from;
    }
  }

  private grow(size: number): Va | undefined {
    if (this.next + size > BASE + BYTES) return undefined;
    this.next += size;
    const ahead = Math.min(this.next + AHEAD_BYTES, BASE + BYTES);
    if (this.poisoned < ahead) this.fill(this.poisoned, ahead - this.poisoned, POISON);
    this.poisoned = Math.max(this.poisoned, ahead);
    return this.next - size;
  }
}
