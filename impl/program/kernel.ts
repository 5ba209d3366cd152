// Everything that loading a program needs, in one value: the machine, the packs, the account of JITed memory, and what
// the emitted bytes depend on. One kernel may load and free any number of programs.

import type { Machine } from "../../machine/machine.js";
import { DEFAULT_ENV, type JitEnv } from "../jit/env.js";
import type { PackKernel, RandomBelow } from "../pack/binary-pack.js";
import { Modmem } from "../pack/modmem.js";
import { ProgPacks } from "../pack/prog-pack.js";
import type { Quirks } from "../quirks.js";
import type { Random32 } from "../verifier/blinding.js";
import { IMAGE_MEMORY, type ImageMemory, type ImageMemoryName } from "./image-memory.js";

export interface KernelOptions {
  readonly machine: Machine;
  /** Where an image starts in its hole. */
  readonly random: RandomBelow;
  readonly env?: JitEnv;
  /** Bytes of JITed code that unprivileged loaders may reach. */
  readonly limit?: number;
  readonly bpfCapable?: boolean;
  /** NUMA nodes. */
  readonly nodes?: number;
  readonly packBytes?: number;
  readonly images?: ImageMemoryName;
}

export class Kernel implements PackKernel {
  readonly machine: Machine;
  readonly random: RandomBelow;
  readonly packs: ProgPacks;
  readonly modmem: Modmem;
  /** Where images live, programs as well as trampolines. */
  readonly imageMemory: ImageMemoryName;
  readonly images: ImageMemory;
  /** May change between loads: one kernel for both kinds of atomics. */
  env: JitEnv;
  /** Blind constants, with these random numbers (kernel: `bpf_jit_harden`). */
  blinding: Random32 | undefined = undefined;
  /** What the kernel would have printed a warning about. None of it may happen without a quirk. */
  readonly warnings: string[] = [];

  constructor({ machine, random, env = DEFAULT_ENV, limit, bpfCapable, images = "packs", ...pack }: KernelOptions) {
    this.machine = machine;
    this.random = random;
    this.env = env;
    this.imageMemory = images;
    this.images = IMAGE_MEMORY[images];
    this.modmem = new Modmem(limit, bpfCapable);
    this.packs = new ProgPacks(machine, {
      warn: (message) => this.warnings.push(message),
      flushNew: () => !this.quirks.newPackNotFlushed,
      ...pack,
    });
  }

  get quirks(): Quirks {
    return this.env.quirks;
  }
}
