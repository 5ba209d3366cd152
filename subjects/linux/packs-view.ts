// The kernel's packs and its account of JITed code, read from its own memory.

import type { RoAddr, Va } from "../../machine/address.js";
import { CHUNK_BYTES } from "../../spec/pack/allocator.js";
import { NotModelled } from "../not-modelled.js";
import type { Errno, PacksView } from "../subject.js";
import type { BootedKernel } from "./booted-kernel.js";
import { allocatorOf, asksWhoLoads } from "./image/features.js";
import { kernelPointer } from "./placed-kernel.js";
import { type Struct, structOf, vaOfPointer } from "./structs.js";

const MOST_PACKS = 4096;
const SZ_2M = 2 << 20;

/** A C int. */
export const errnoOf = (x0: bigint): Errno => Number(BigInt.asIntN(32, x0)) as Errno;

export class LinuxPacks implements PacksView {
  readonly packBytes: number;
  private readonly list: Va | undefined;
  private readonly pack: Struct | undefined;

  constructor(
    private readonly kernel: BootedKernel,
    nodes: number,
  ) {
    // Core code may have packs that the JIT does not use.
    this.list = allocatorOf(kernel.image) === "packs" ? kernel.image.address("pack_list") : undefined;
    this.packBytes = this.list === undefined ? 0 : SZ_2M * nodes;
    if (this.list !== undefined) this.pack = structOf(kernel.image, kernel.memory, "bpf_prog_pack");
  }

  get packs(): readonly Pack[] {
    const { list, pack, kernel } = this;
    if (list === undefined || pack === undefined) return [];
    const found: Pack[] = [];
    const link = pack.offset("list");
    for (let at = this.next(list); at !== list && found.length < MOST_PACKS; at = this.next(at)) {
      const va = at - link;
      found.push(new Pack(kernel, pack.pointer(va, "ptr") as RoAddr, va + pack.offset("bitmap"), this.packBytes));
    }
    return found;
  }

  /** All that the kernel remembers of them, in the order of its list. */
  toJSON(): unknown {
    return this.packs.map(({ base, bitmap }) => ({ base, taken: bitmap.runs }));
  }

  packOf(ptr: RoAddr): Pack | undefined {
    return this.packs.find(({ base }) => ptr >= base && ptr < base + this.packBytes);
  }

  /** No pack has room, so that the next allocation makes one. */
  fillAll(): void {
    for (const pack of this.packs) pack.fillTo(this.packBytes);
  }

  /** Only one place has room: from there to the end of its pack. */
  leaveRoomFrom(header: Va): void {
    for (const pack of this.packs) {
      const isIn = header >= pack.base && header < pack.base + this.packBytes;
      pack.fillTo(isIn ? header - pack.base : this.packBytes);
    }
  }

  bpfProgPackAlloc(bytes: number): RoAddr | undefined {
    const fill = this.kernel.image.address("jit_fill_hole");
    const x0 = this.kernel.cpu.call("bpf_prog_pack_alloc", bytes, kernelPointer(fill));
    return x0 === 0n ? undefined : (vaOfPointer(x0) as RoAddr);
  }

  bpfProgPackFree(ptr: RoAddr, bytes: number): void {
    const { cpu, image } = this.kernel;
    const parameters = image.types.parameters("bpf_prog_pack_free");
    if (parameters !== undefined && !parameters.includes("size")) {
      throw new NotModelled("this kernel frees room in packs by its header");
    }
    cpu.call("bpf_prog_pack_free", kernelPointer(ptr), bytes);
  }

  private next(at: Va): Va {
    return vaOfPointer(this.kernel.memory.read64(at));
  }
}

class Pack {
  constructor(
    private readonly kernel: BootedKernel,
    readonly base: RoAddr,
    private readonly bits: Va,
    private readonly packBytes: number,
  ) {}

  /** Chunks up to that many bytes are taken, the others are not. */
  fillTo(bytes: number): void {
    const bits = new Uint8Array(this.packBytes / CHUNK_BYTES / 8);
    const taken = bytes / CHUNK_BYTES;
    bits.fill(0xff, 0, Math.floor(taken / 8));
    if (taken % 8 !== 0) bits[Math.floor(taken / 8)] = (1 << (taken % 8)) - 1;
    this.kernel.memory.write(this.bits, bits);
  }

  get bitmap() {
    const bytes = this.kernel.memory.read(this.bits, this.packBytes / CHUNK_BYTES / 8);
    return {
      get count(): number {
        let count = 0;
        for (const byte of bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
        return count;
      },
      /** Where bits begin to be set and not to be, by turns; the first are set. */
      get runs(): readonly number[] {
        const runs: number[] = [];
        for (let i = 0; i < 8 * bytes.length; i++) {
          const isSet = ((bytes[i >> 3]! >> (i & 7)) & 1) === 1;
          if (isSet !== (runs.length % 2 === 1)) runs.push(i);
          // Whole bytes at once.
          else if (i % 8 === 0 && bytes[i >> 3] === (isSet ? 0xff : 0)) i += 7;
        }
        return runs;
      },
      isSet(position: number, chunks: number): boolean {
        for (let i = position; i < position + chunks; i++) if (((bytes[i >> 3]! >> (i & 7)) & 1) === 0) return false;
        return true;
      },
    };
  }
}

export class LinuxModmem {
  constructor(private readonly kernel: BootedKernel) {}

  get current(): number {
    return Number(BigInt.asIntN(64, this.variable("bpf_jit_current"))) * this.unit;
  }
  get limit(): number {
    return Number(this.variable("bpf_jit_limit"));
  }
  /** A kernel for a single user asks nobody. */
  get bpfCapable(): boolean {
    const { options, image } = this.kernel;
    return options.bpfCapable === true || !asksWhoLoads(image);
  }
  bpfJitChargeModmem(bytes: number): Errno {
    return errnoOf(this.kernel.cpu.call("bpf_jit_charge_modmem", Math.ceil(bytes / this.unit)));
  }

  /** Bytes that one is charged for: up to 5.15, a page. */
  private get unit(): number {
    const { image, machine } = this.kernel;
    return image.types.parameters("bpf_jit_charge_modmem")?.includes("pages") === true ? machine.pageBytes : 1;
  }

  private variable(name: string): bigint {
    const va = this.kernel.image.address(name);
    if (va === undefined) throw new NotModelled(`the image has no variable ${name}`);
    return this.kernel.memory.read64(va);
  }
}
