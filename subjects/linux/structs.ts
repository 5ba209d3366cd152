// The kernel's structures in the machine's memory, by the names that its BTF gives to their members.

import type { Va } from "../../machine/address.js";
import { Malformed } from "../../spec/malformed.js";
import { NotModelled } from "../not-modelled.js";
import type { KernelTypes } from "./image/types.js";
import type { TypedImage } from "./kernel-image.js";
import type { PlacedImage } from "./placed-image.js";

type StructType = NonNullable<ReturnType<KernelTypes["struct"]>>;
type Member = NonNullable<ReturnType<StructType["member"]>>;

const WORD_BITS = 64;
/** Of a member that is no pointer or long: with the bits before it, no more than a number can be told apart in. */
const MOST_BITS = 41;

const bytesOf = (shift: number, bits: number): number => Math.ceil((shift + bits) / 8);

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
    const { bit, bits } = this.value(path);
    return bits === WORD_BITS ? this.memory.read64(va + bit / 8) : BigInt(this.number(va, path));
  }

  number(va: Va, path: string): number {
    const { bit, bits } = this.value(path);
    if (bits === WORD_BITS) return Number(this.get(va, path));
    const shift = bit % 8;
    const value = this.memory.readNumber(va + (bit - shift) / 8, bytesOf(shift, bits));
    return Math.floor(value / 2 ** shift) % 2 ** bits;
  }

  /** The low 48 bits of a pointer; undefined for NULL. */
  pointer(va: Va, path: string): Va | undefined {
    const value = this.get(va, path);
    return value === 0n ? undefined : vaOfPointer(value);
  }

  set(va: Va, path: string, value: bigint | number): void {
    const { bit, bits } = this.value(path);
    const shift = bit % 8;
    const at = va + (bit - shift) / 8;
    if (bits === WORD_BITS) {
      this.memory.write64(at, BigInt(value));
      return;
    }
    const bytes = bytesOf(shift, bits);
    const given = Number(BigInt.asUintN(bits, BigInt(value))) * 2 ** shift;
    const isAlone = shift === 0 && bits === 8 * bytes;
    const before = isAlone ? 0 : this.memory.readNumber(at, bytes);
    const replaced = isAlone ? 0 : (Math.floor(before / 2 ** shift) % 2 ** bits) * 2 ** shift;
    this.memory.writeNumber(at, bytes, before - replaced + given);
  }

  /** A member that is a number or a pointer. */
  private value(path: string): Member {
    const member = this.member(path);
    const { bit, bits } = member;
    const isWord = bits === WORD_BITS && bit % 8 === 0;
    if (!isWord && (bits < 1 || bits > MOST_BITS)) {
      throw new Malformed(
        `${path} in struct ${this.name} to be a number or a pointer`,
        `${bits} bits from bit ${bit} on`,
      );
    }
    return member;
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
