// The kernel's structures in the machine's memory, by the names that its BTF gives to their members.

import type { Va } from "../../machine/address.js";
import { Malformed } from "../../spec/malformed.js";
import type { KernelTypes } from "./image/types.js";
import { NotModelled, type TypedImage } from "./kernel-image.js";
import type { PlacedImage } from "./placed-image.js";

type StructType = NonNullable<ReturnType<KernelTypes["struct"]>>;
type Member = NonNullable<ReturnType<StructType["member"]>>;

export const vaOfPointer = (register: bigint): Va => Number(register & 0xffff_ffff_ffffn);

/** A structure type of this kernel. Members are looked up once. */
export class Struct {
  readonly bytes: number;
  private readonly known = new Map<string, Member | undefined>();

  constructor(
    private readonly memory: PlacedImage,
    readonly name: string,
    private readonly type: StructType,
  ) {
    this.bytes = type.bytes;
  }

  has(path: string): boolean {
    return this.find(path) !== undefined;
  }

  /** Of a member: bytes from the start. */
  offset(path: string): number {
    return this.member(path).bit / 8;
  }

  get(va: Va, path: string): bigint {
    const { bit, bits } = this.member(path);
    const first = Math.floor(bit / 8);
    const bytes = this.memory.read(va + first, Math.ceil((bit - 8 * first + bits) / 8));
    let value = 0n;
    for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
    return BigInt.asUintN(bits, value >> BigInt(bit - 8 * first));
  }

  number(va: Va, path: string): number {
    return Number(this.get(va, path));
  }

  /** The low 48 bits of a pointer; undefined for NULL. */
  pointer(va: Va, path: string): Va | undefined {
    const value = this.get(va, path);
    return value === 0n ? undefined : vaOfPointer(value);
  }

  set(va: Va, path: string, value: bigint | number): void {
    const { bit, bits } = this.member(path);
    const first = Math.floor(bit / 8);
    const shift = BigInt(bit - 8 * first);
    const count = Math.ceil((Number(shift) + bits) / 8);
    const bytes = this.memory.read(va + first, count);
    let whole = 0n;
    for (let i = count - 1; i >= 0; i--) whole = (whole << 8n) | BigInt(bytes[i]!);
    const mask = ((1n << BigInt(bits)) - 1n) << shift;
    whole = (whole & ~mask) | ((BigInt(value) << shift) & mask);
    for (let i = 0; i < count; i++) bytes[i] = Number((whole >> BigInt(8 * i)) & 0xffn);
    this.memory.write(va + first, bytes);
  }

  private member(path: string): Member {
    const member = this.find(path);
    if (member === undefined) throw new NotModelled(`struct ${this.name} of this kernel has no member ${path}`);
    return member;
  }

  private find(path: string): Member | undefined {
    if (!this.known.has(path)) this.known.set(path, this.inside(path));
    return this.known.get(path);
  }

  private inside(path: string): Member | undefined {
    const member = this.type.member(path);
    if (member !== undefined && member.bit + member.bits > 8 * this.bytes) {
      throw new Malformed(
        `${path} within the ${this.bytes} bytes of struct ${this.name}`,
        `it from bit ${member.bit} on`,
      );
    }
    return member;
  }
}

/** That of the verifier is the largest, with some tens of KiB. */
const MOST_BYTES = 1 << 20;

/** @throws NotModelled if the kernel has no such structure, Malformed if it cannot be one */
export function structOf(image: TypedImage, memory: PlacedImage, name: string): Struct {
  const type = image.types.struct(name);
  if (type === undefined) throw new NotModelled(`this kernel has no struct ${name} in its BTF`);
  if (type.bytes === 0 || type.bytes > MOST_BYTES) {
    throw new Malformed(`struct ${name} of 1 to ${MOST_BYTES} bytes`, `${type.bytes} in the BTF`);
  }
  return new Struct(memory, name, type);
}
