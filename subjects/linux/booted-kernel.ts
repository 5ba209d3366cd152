// What traps act on: the machine, the image in it, and what a case has asked for.

import type { Va } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import type { BootOptions } from "../subject.js";
import type { Arena } from "./arena.js";
import type { Emissions } from "./emissions.js";
import type { HeldLocks } from "./held-locks.js";
import type { TypedImage } from "./kernel-image.js";
import type { EntryPoint } from "./native.js";
import type { PageFrames } from "./page-frames.js";
import type { PlacedImage } from "./placed-image.js";
import type { PrivateStacks } from "./private-stacks.js";

/** What runs kernel code. */
interface BootedCpu {
  /** @returns X0 */
  call(name: EntryPoint, ...args: readonly (bigint | number)[]): bigint;
  /** Whether a call of that function follows in the caller of the function that is being entered. */
  isFollowedBy(name: string): boolean;
  /** The function that runs and those that it returns to, innermost first. */
  backtrace(): string;
  /** Name of the function that has called the one that is being entered; empty for code that has no name. */
  readonly caller: string;
}

/** Registers when an access faults. */
export interface Faulting {
  readonly x: BigUint64Array;
  readonly sp: bigint;
  readonly pc: Va;
  readonly isStore: boolean;
}
/** Registers with which it goes on. */
export type Mended = Pick<Faulting, "x" | "pc">;

export interface BootedKernel {
  readonly machine: Machine;
  readonly image: TypedImage;
  readonly memory: PlacedImage;
  readonly arena: Arena;
  readonly privateStacks: PrivateStacks;
  readonly pages: PageFrames;
  readonly options: BootOptions;
  /** The task that runs. */
  readonly task: Va;
  /** Stands for every `struct vm_struct`. */
  readonly vmStruct: Va;
  /** Beyond those of the machine. */
  readonly locks: HeldLocks;
  /** The CPU that runs kernel code now. */
  readonly cpu: BootedCpu;
  /** What is done about an access that faults; undefined where the image cannot be asked. */
  readonly fixups: { fixup(faulting: Faulting): Mended | undefined } | undefined;
  blinding: (() => number) | undefined;
  /** Told of each store; undefined if nobody wants to know. */
  readonly emissions: Emissions | undefined;
  /** What was printed, format strings as they are. */
  readonly messages: string[];
  /** Pages that code was executed from when they were made writable. */
  readonly writableText: Set<Va>;
  /** Of a WARN that is about to be raised. */
  warningText: string;
  /** A load was refused because it would pass the limit. */
  overLimit: boolean;
  warn(message: string): void;
  /** The JIT is asked to compile a function, in the first round or the second. */
  onCompile?: ((prog: Va) => void) | undefined;
  /** The JIT is done with a function: where its table of offsets is, without the entry before it. */
  onOffsets?: ((prog: Va, offsets: Va) => void) | undefined;
  /** Called before the JIT compiles. @param nth of the load in progress, from 0: each function once in each round */
  beforeCompile?: ((nth: number) => void) | undefined;
  /** Where the next executable memory is to lie; undefined: the machine says. */
  wanted?: Va | undefined;
  /** What lies where it was wanted, with its bytes. */
  readonly placedAreas: Map<Va, number>;
  /** BPF text by address. */
  lookup?: ((va: Va) => { readonly start: Va; readonly bytes: number } | undefined) | undefined;
}
