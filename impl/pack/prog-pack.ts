// Many programs in one executable region. A pack is mapped read-only and executable for its whole life and is shared out
// in 64-byte chunks, first fit, packs in the order they were made; an empty pack goes back at once. See bitmap.ts for how
// room is found and binary-pack.ts for what the JIT asks for.

import type { RoAddr, RwAddr } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { assert } from "../../spec/assert.js";
import { AARCH64_BREAK_FAULT, bpfArchTextInvalidate } from "../patching/arch-text.js";
import { flushIcacheRange } from "../patching/icache.js";
import { setMemoryRox } from "../patching/set-memory.js";
import { Bitmap } from "./bitmap.js";

export const BPF_PROG_CHUNK_SIZE = 64;
/** List link, pointer, flag. */
const RECORD_BYTES = 32;
const SZ_2M = 2 * 1024 * 1024;

interface ProgPack {
  readonly base: RoAddr;
  /** One bit for each chunk. */
  readonly bitmap: Bitmap;
  /** The pack's own record on the heap. */
  readonly record: RwAddr;
}

/** The kernel prints a warning and goes on. */
type Warn = (message: string) => void;

interface ProgPackOptions {
  /** NUMA nodes; each adds 2 MiB to the size of a pack. */
  readonly nodes?: number;
  /** Size of a pack where there is no such thing as 2 MiB mappings (kernel: one page). */
  readonly packBytes?: number;
  /** Make what new memory is filled with visible to fetches. Asked each time; default: yes. */
  readonly flushNew?: () => boolean;
  /** By default a warning is an assertion that fails. */
  readonly warn?: Warn;
}

export class ProgPacks {
  readonly packBytes: number;
  private readonly list: ProgPack[] = [];
  private readonly warn: Warn;
  private readonly flushNew: () => boolean;

  constructor(
    readonly machine: Machine,
    { nodes = 1, packBytes = SZ_2M * nodes, warn = fail, flushNew = () => true }: ProgPackOptions = {},
  ) {
    this.packBytes = packBytes;
    this.warn = warn;
    this.flushNew = flushNew;
  }

  /** In list order, for oracles. */
  get packs(): readonly ProgPack[] {
    return this.list;
  }

  /**
   * Room for `size` bytes, filled with illegal instructions. More than a pack gets pages of its own.
   *
   * @returns undefined if the machine has no memory for it, with nothing changed (kernel: NULL).
   * @source linux v6.12 kernel/bpf/core.c, bpf_prog_pack_alloc()
   */
  bpfProgPackAlloc(size: number): RoAddr | undefined {
    return this.machine.packMutex.hold(() =>
      size > this.packBytes ? this.allocRox(size) : this.allocChunks(Math.ceil(size / BPF_PROG_CHUNK_SIZE)),
    );
  }

  /**
   * Give back what `bpfProgPackAlloc(size)` returned. The text is illegal instructions again before the room can be
   * taken by another program.
   *
   * @source linux v6.12 kernel/bpf/core.c, bpf_prog_pack_free()
   */
  bpfProgPackFree(ptr: RoAddr, size: number): void {
    const { machine } = this;
    machine.packMutex.hold(() => {
      if (size <= this.packBytes) this.freeChunks(ptr, size);
      else if (!machine.vfree(ptr)) this.warn(`vfree of 0x${ptr.toString(16)}, where no area begins`);
    });
  }

  /** The pack that holds the address. */
  packOf(ptr: RoAddr): ProgPack | undefined {
    return this.list.find(({ base }) => ptr >= base && ptr < base + this.packBytes);
  }

  private allocChunks(chunks: number): RoAddr | undefined {
    this.machine.packMutex.assertHeld();
    for (const pack of this.list) {
      const position = pack.bitmap.firstFit(chunks);
      if (position >= 0) return take(pack, position, chunks);
    }
    const pack = this.allocNewPack();
    return pack && take(pack, 0, chunks);
  }

  private freeChunks(ptr: RoAddr, size: number): void {
    this.machine.packMutex.assertHeld();
    const pack = this.packOf(ptr);
    if (pack === undefined) {
      this.warn(`free of 0x${ptr.toString(16)}, which is in no pack`);
      return;
    }
    const position = Math.floor((ptr - pack.base) / BPF_PROG_CHUNK_SIZE);
    const chunks = Math.ceil(size / BPF_PROG_CHUNK_SIZE);
    assert(pack.bitmap.isSet(position, chunks), () => `chunks ${position}+${chunks} are freed but not all taken`);
    if (bpfArchTextInvalidate(this.machine, ptr, size) !== 0) this.warn(`0x${ptr.toString(16)} cannot be invalidated`);
    pack.bitmap.clear(position, chunks);
    if (pack.bitmap.count === 0) this.returnPack(pack);
  }

  private allocNewPack(): ProgPack | undefined {
    const chunks = this.packBytes / BPF_PROG_CHUNK_SIZE;
    const record = this.machine.kvmalloc(RECORD_BYTES + chunks / 8);
    if (record === undefined) return undefined;
    const base = this.allocRox(this.packBytes);
    if (base === undefined) {
      this.machine.kvfree(record);
      return undefined;
    }
    const pack = { base, bitmap: new Bitmap(chunks), record };
    this.list.push(pack);
    return pack;
  }

  /** Whole pages, filled before they become executable. */
  private allocRox(bytes: number): RoAddr | undefined {
    const { machine } = this;
    const size = Math.ceil(bytes / machine.pageBytes) * machine.pageBytes;
    const base = machine.vmalloc(size);
    if (base === undefined) return undefined;
    machine.fill32(base, AARCH64_BREAK_FAULT, size);
    if (this.flushNew()) flushIcacheRange(machine, base, base + size);
    if (setMemoryRox(machine, base, size) === 0) return base as RoAddr;
    machine.vfree(base);
    return undefined;
  }

  private returnPack(pack: ProgPack): void {
    this.list.splice(this.list.indexOf(pack), 1);
    this.machine.vfree(pack.base);
    this.machine.kvfree(pack.record);
  }
}

const fail: Warn = (message) => assert(false, () => message);

function take({ base, bitmap }: ProgPack, position: number, chunks: number): RoAddr {
  bitmap.set(position, chunks);
  return (base + position * BPF_PROG_CHUNK_SIZE) as RoAddr;
}
