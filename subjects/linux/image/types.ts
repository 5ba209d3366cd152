// What the BTF of a kernel says of structures and functions, by name: where a member is, and which parameter has that name.

import { type Btf, type BtfKind, readBtf } from "../../../spec/btf/btf.js";
import { Malformed } from "../../../spec/malformed.js";
import type { ImageWords } from "./words.js";

/** A member of a structure, with those of structures without a name in it. */
interface Member {
  /** From the start of the structure. */
  readonly bit: number;
  readonly bits: number;
  /** Its type, by number. */
  readonly type: number;
}

interface StructType {
  readonly bytes: number;
  /** A path of names with dots between them; undefined if this kernel has no such member. */
  member(path: string): Member | undefined;
}

const STRUCTURES: readonly BtfKind[] = ["struct", "union"];
/** Structures without a name in each other. */
const MOST_DEPTH = 32;

export class KernelTypes {
  private readonly structs = new Map<string, StructType | undefined>();
  private readonly functions = new Map<string, readonly string[] | undefined>();

  constructor(readonly btf: Btf) {}

  /** Of a struct or union; undefined if there is none. */
  struct(name: string): StructType | undefined {
    if (!this.structs.has(name)) {
      const id = this.btf.find("struct", name) ?? this.btf.find("union", name);
      this.structs.set(name, id === undefined ? undefined : new Structure(this.btf, id));
    }
    return this.structs.get(name);
  }

  /** Names of a function's parameters in order; undefined if the function is not described. */
  parameters(name: string): readonly string[] | undefined {
    if (!this.functions.has(name)) {
      const id = this.btf.find("func", name);
      const found = id === undefined ? undefined : this.btf.parameters(this.btf.target(id));
      this.functions.set(
        name,
        found?.map((parameter) => parameter.name),
      );
    }
    return this.functions.get(name);
  }
}

class Structure implements StructType {
  readonly bytes: number;
  /** Traps and kernels that boot ask for the same few again and again. */
  private readonly known = new Map<string, Member | undefined>();

  constructor(
    private readonly btf: Btf,
    private readonly id: number,
  ) {
    this.bytes = btf.sizeOf(id);
  }

  member(path: string): Member | undefined {
    if (!this.known.has(path)) this.known.set(path, this.find(path));
    return this.known.get(path);
  }

  private find(path: string): Member | undefined {
    const { btf } = this;
    let at = this.id;
    let bit = 0;
    let found: Member | undefined;
    for (const name of path.split(".")) {
      if (!STRUCTURES.includes(btf.kind(at))) return undefined;
      found = memberNamed(btf, at, name, MOST_DEPTH);
      if (found === undefined) return undefined;
      bit += found.bit;
      at = btf.resolve(found.type);
    }
    return found === undefined ? undefined : { ...found, bit };
  }
}

function memberNamed(btf: Btf, struct: number, name: string, depth: number): Member | undefined {
  if (depth === 0) throw new Malformed("structures that come to an end", "structures in each other in a circle");
  for (const member of btf.members(struct)) {
    if (member.name === name) {
      return { bit: member.bitOffset, bits: member.bits ?? 8 * btf.sizeOf(member.type), type: member.type };
    }
    const type = member.name === "" ? btf.resolve(member.type) : 0;
    const inner = STRUCTURES.includes(btf.kind(type)) ? memberNamed(btf, type, name, depth - 1) : undefined;
    if (inner !== undefined) return { ...inner, bit: member.bitOffset + inner.bit };
  }
  return undefined;
}

const MAGIC = Buffer.of(0x9f, 0xeb, 1, 0);
const HEADER_BYTES = 24;

/** The types of a kernel: at the symbol, or the largest BTF that the image holds. */
function findBtf({ bytes, view }: ImageWords, symbolAt: number | undefined): Uint8Array | undefined {
  const buffer = Buffer.from(bytes.buffer);
  const sizes = new Map<number, number>();
  const consider = (at: number): void => {
    if (at < 0 || at + HEADER_BYTES > bytes.length || view.getUint32(at + 4, true) !== HEADER_BYTES) return;
    const [types, typesBytes, names, namesBytes] = [8, 12, 16, 20].map((field) => view.getUint32(at + field, true));
    const size = HEADER_BYTES + names! + namesBytes!;
    if (types === 0 && names === typesBytes && at + size <= bytes.length) sizes.set(at, size);
  };
  if (symbolAt !== undefined) consider(symbolAt);
  if (sizes.size === 0) for (let at = buffer.indexOf(MAGIC); at >= 0; at = buffer.indexOf(MAGIC, at + 4)) consider(at);
  const largest = [...sizes].sort((a, b) => b[1] - a[1])[0];
  return largest === undefined ? undefined : bytes.subarray(largest[0], largest[0] + largest[1]);
}

/** @throws Malformed if there is BTF and it is damaged */
export function typesIn(image: ImageWords, symbolAt: number | undefined): KernelTypes | undefined {
  const bytes = findBtf(image, symbolAt);
  if (bytes === undefined) return undefined;
  const btf = readBtf(bytes);
  if (!btf.ok) throw new Malformed(btf.error.expected, btf.error.got);
  return new KernelTypes(btf.value);
}
