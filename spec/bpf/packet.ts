// The packet of a run as helpers see it: between the pointers that the kernel's structure holds, in a room whose bytes lie
// before and behind it. Offsets are from the first byte of data.

import { structureOf } from "./context-fields.js";
import { type Memory, pointerTo } from "./memory.js";
import type { Layout, Program } from "./program.js";

/** Bytes before and behind the packet, for programs that make it longer: XDP_PACKET_HEADROOM, and what we chose. */
const ROOM = { head: 256, tail: 192 } as const;

/** Helpers that move the ends of a packet. */
const MOVERS: ReadonlySet<number> = new Set([18, 19, 31, 38, 43, 44, 50, 54, 65]);

/** The room that a program's packet needs; undefined if none of it moves an end. */
export const packetRoom = ({ code }: Pick<Program, "code">): typeof ROOM | undefined =>
  code.some((insns) => insns.some(({ row, imm }) => row.id === "call helper" && MOVERS.has(imm))) ? ROOM : undefined;

/** What a run's helpers reach of memory. */
export interface PacketMemory {
  /** As programs see it. */
  readonly memory: Memory;
  /** The kernel's structures. */
  readonly kernel: Memory;
  readonly layout: Layout;
  readonly program: Pick<Program, "context">;
}

export class Packet {
  constructor(private readonly within: PacketMemory) {}

  /** Low 48 bits of the address of the first byte. */
  get data(): number {
    return this.pointer("data");
  }
  get end(): number {
    return this.pointer("dataEnd");
  }
  get meta(): number {
    return this.pointer("dataMeta");
  }
  get length(): number {
    return this.end - this.data;
  }
  /** Bytes that the packet may still grow by. */
  get headroom(): number {
    return this.data - this.within.layout.packet.base;
  }
  get tailroom(): number {
    const { base, bytes } = this.within.layout.packet;
    return base + bytes - this.end;
  }

  /** Undefined if not all of the bytes are there. */
  read(offset: number, bytes: number): Uint8Array | undefined {
    const buffer = new Uint8Array(bytes);
    return this.holds(offset, bytes) && this.within.memory.read(pointerTo(this.data + offset), buffer)
      ? buffer
      : undefined;
  }

  /** @returns whether all of them are there: else nothing is written */
  write(offset: number, bytes: Uint8Array): boolean {
    return this.holds(offset, bytes.length) && this.within.memory.write(pointerTo(this.data + offset), bytes);
  }

  /** Move the ends; the length that an skb keeps follows. The caller has seen to it that there is room. */
  move({
    head = 0,
    tail = 0,
    meta = head,
  }: {
    readonly head?: number;
    readonly tail?: number;
    readonly meta?: number;
  }): void {
    const [data, end, before] = [this.data + head, this.end + tail, this.meta + meta];
    const places = structureOf(this.within.program.context)!.packet;
    this.put(places.data, BigInt(pointerTo(data)), 8);
    this.put(places.dataEnd, BigInt(pointerTo(end)), 8);
    this.put(places.dataMeta, BigInt(pointerTo(before)), 8);
    if (this.within.program.context === "skb") this.setField("len", BigInt(end - data));
  }

  field(name: string): bigint {
    const { at, width } = this.fieldNamed(name);
    return this.get(at, width);
  }

  setField(name: string, value: bigint): void {
    const { at, width } = this.fieldNamed(name);
    this.put(at, value, width);
  }

  private fieldNamed(name: string): { readonly at: number; readonly width: number } {
    const field = structureOf(this.within.program.context)?.fields.find((one) => one.name === name);
    if (field === undefined) throw new RangeError(`no field ${name} in ${this.within.program.context}`);
    return field;
  }

  private holds(offset: number, bytes: number): boolean {
    return offset >= 0 && bytes >= 0 && offset + bytes <= this.length;
  }

  private pointer(name: "data" | "dataEnd" | "dataMeta"): number {
    return Number(BigInt.asUintN(48, this.get(structureOf(this.within.program.context)!.packet[name], 8)));
  }

  private get(at: number, width: number): bigint {
    const bytes = new Uint8Array(8);
    this.within.kernel.read(pointerTo(this.within.layout.context.base + at), bytes.subarray(0, width));
    return new DataView(bytes.buffer).getBigUint64(0, true);
  }

  private put(at: number, value: bigint, width: number): void {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
    this.within.kernel.write(pointerTo(this.within.layout.context.base + at), bytes.subarray(0, width));
  }
}
