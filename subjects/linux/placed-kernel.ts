// One image on one machine: placed once, and set back to what it was each time that a kernel boots there.

import type { EngineCpu } from "../../engines/engine.js";
import { wasmEngine } from "../../engines/wasm/engine.js";
import { pointer, type Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { NotModelled } from "../not-modelled.js";
import { capabilitiesOf, withAlternatives } from "./alternatives.js";
import { Arena } from "./arena.js";
import type { TypedImage } from "./kernel-image.js";
import { PageFrames } from "./page-frames.js";
import { PlacedImage } from "./placed-image.js";
import { type Resolved, resolve } from "./resolve.js";
import { keepExecuted } from "./under-test.js";

/** Kernel stacks, one a CPU, with nothing mapped between them. */
const STACKS: Va = 0x8000_9800_0000;
export const STACK_STRIDE = 0x10_0000;
/** A page far below each stack, which grows up: where return addresses are, in kernels that keep them apart. */
const SHADOW_OFFSET = 0x8_0000;
/** A thread of arm64 has so many bytes, and a page at least. */
const THREAD_BYTES = 0x4000;
/** What a CPU must have for a kernel to use it at all, and what our machine has beside. */
const EVERY_CPU = "has_always";
const LSE = "LSE atomic instructions";

const TEXT_MUTEX = "text_mutex";
/** A queued spinlock. */
const LOCK_BYTES = 4;
const LOCK_MASK = 0xffff_ffffn;

interface Prepared {
  readonly bytes: Uint8Array;
  /** Numbers of capabilities by what they are called. */
  readonly lse: number | undefined;
  readonly always: readonly number[];
}
const preparedOf = new WeakMap<TypedImage, Prepared>();

/** Whether it can be told to run with single-instruction atomics: where its alternatives are not found, it runs without. */
export const hasLse = (image: TypedImage): boolean => [...capabilitiesOf(image).values()].includes(LSE);

/** The image with its alternatives, made once. */
function prepare(image: TypedImage): Prepared {
  const known = preparedOf.get(image);
  if (known !== undefined) return known;
  const capabilities = [...capabilitiesOf(image)];
  const lse = capabilities.find(([, name]) => name === LSE)?.[0];
  const always = capabilities.flatMap(([number, name]) => (name === EVERY_CPU ? [number] : []));
  const wanted = new Set(lse === undefined ? always : [...always, lse]);
  const prepared = { bytes: withAlternatives(image, wanted), lse, always };
  preparedOf.set(image, prepared);
  return prepared;
}

/** The image as its code runs: with the alternatives of our machine's CPUs. */
export const bytesAsRun = (image: TypedImage): Uint8Array => prepare(image).bytes;

/** Everything that is done once for an image, however many machines it comes to. @throws Malformed if its tables are damaged */
export function prepareKernel(image: TypedImage): void {
  resolve(image, prepare(image).bytes);
}

export class PlacedKernel {
  readonly memory: PlacedImage;
  readonly arena: Arena;
  readonly pages: PageFrames;
  readonly resolved: Resolved;
  readonly prepared: Prepared;
  private readonly cpus: EngineCpu[] = [];

  constructor(
    readonly machine: Machine,
    readonly image: TypedImage,
  ) {
    this.prepared = prepare(image);
    this.resolved = resolve(image, this.prepared.bytes);
    this.memory = new PlacedImage(machine, image, this.prepared.bytes);
    this.arena = new Arena(machine);
    this.pages = new PageFrames(machine, image.types.struct("page")?.bytes ?? 64);
    for (let cpu = 0; cpu < machine.cpus; cpu++) {
      const bytes = this.stackBytes;
      machine.map(STACKS + (cpu + 1) * STACK_STRIDE - bytes, bytes, "rw");
      machine.map(this.shadowStack(cpu), machine.pageBytes, "rw");
      this.cpus.push(wasmEngine.cpu!({ machine, cpu, stops: this.resolved.stops }));
    }
    this.followPatchLock();
  }

  /** The spinlock of text pokes: its word says whether it is held. */
  private followPatchLock(): void {
    const { image, machine, memory } = this;
    const va = image.address("patch_lock");
    if (va === undefined) return;
    memory.makeWritable(va);
    machine.watch(va, LOCK_BYTES, () => {
      const isHeld = (memory.read64(va) & LOCK_MASK) !== 0n;
      if (!isHeld) machine.patchLock.release();
      else if (machine.patchLock.holder === undefined) machine.patchLock.acquire();
    });
  }

  /** The mutexes that the machine follows, by what their own words say: whoever waits or holds has one that is not zero. */
  holdsLock(): boolean {
    const { image, memory } = this;
    const mutex = image.types.struct("mutex");
    const owner = mutex?.member("owner") ?? mutex?.member("rtmutex.owner");
    if (owner === undefined) return false;
    if (image.address(TEXT_MUTEX) === undefined) {
      throw new NotModelled(
        "names of its locks, without which nobody sees that a CPU must wait (give linux:IMAGE?symbols=FILE)",
      );
    }
    return [TEXT_MUTEX, "pack_mutex"].some((name) => {
      const va = image.address(name);
      return va !== undefined && memory.read64(va + owner.bit / 8) !== 0n;
    });
  }

  cpu(cpu: number): EngineCpu {
    return this.cpus[cpu]!;
  }

  private get stackBytes(): number {
    return Math.max(THREAD_BYTES, this.machine.pageBytes);
  }

  stackTop(cpu: number): Va {
    return STACKS + (cpu + 1) * STACK_STRIDE - 512;
  }

  shadowStack(cpu: number): Va {
    return STACKS + cpu * STACK_STRIDE + SHADOW_OFFSET;
  }

  /** Memory is as it was when the image was placed. */
  restore(): void {
    this.memory.restore();
    this.arena.clear();
  }

  /** What the kernel would have found out while it booted. */
  setGlobals({ nodes, limit }: { readonly nodes: number; readonly limit: number }): void {
    const { image, memory } = this;
    const set = (name: string, value: bigint): void => {
      const va = image.address(name);
      if (va !== undefined) memory.write64(va, value);
    };
    set("memstart_addr", 0n);
    set("node_states", (1n << BigInt(nodes)) - 1n);
    set("bpf_jit_limit", BigInt(limit));
    set("__cpu_possible_mask", 1n);
    for (const number of this.prepared.always) this.setCapability(number, true);
  }

  setCapability(number: number, isOn: boolean): void {
    const { image, memory } = this;
    const table = image.address("system_cpucaps") ?? image.address("cpu_hwcaps");
    if (table === undefined) return;
    const va = table + Math.floor(number / 8);
    const byte = memory.readNumber(va, 1);
    const bit = 1 << (number % 8);
    memory.writeNumber(va, 1, isOn ? byte | bit : byte & ~bit);
  }
}

const placedOn = new WeakMap<Machine, PlacedKernel>();
/** Last booted last. A machine takes 70 MiB: those that nobody uses must be free to go. */
const lastBooted = new WeakMap<TypedImage, PlacedKernel[]>();
const MOST_REMEMBERED = 2;

/** The first CPU of each machine that is remembered: what one has executed, all of its machine are asked for together. */
export const cpusOf = (image: TypedImage): readonly EngineCpu[] =>
  (lastBooted.get(image) ?? []).map((placed) => placed.cpu(0));

/** @returns the image on this machine, as it was when it was placed */
export function placeKernel(machine: Machine, image: TypedImage): PlacedKernel {
  const known = placedOn.get(machine);
  const placed = known?.image === image ? known : new PlacedKernel(machine, image);
  if (placed === known) known.restore();
  placedOn.set(machine, placed);
  const others = (lastBooted.get(image) ?? []).filter((one) => one !== placed);
  // What it executes from now on, before it boots again, is told by nobody.
  if (others.length === MOST_REMEMBERED) keepExecuted(image, others.shift()!.cpu(0));
  lastBooted.set(image, [...others, placed]);
  return placed;
}

export const kernelPointer = (va: Va | undefined): bigint => (va === undefined ? 0n : pointer(va));
