// A reader of BTF, the debug types of BPF objects and kernels: what a type is, by its number. A kernel has 150,000 of
// them, so a type is looked at when it is asked for; only where each one begins is noted. Types may refer to each other
// in circles, and a hostile file's do: whatever follows references here counts its steps. Source: the kernel's
// documentation, Documentation/bpf/btf.rst.

import { viewOf } from "../elf/elf.js";
import { Names } from "../elf/names.js";
import { Malformed, type Parsed, parsed } from "../malformed.js";

const KINDS = [
  ...(["void", "int", "ptr", "array", "struct", "union", "enum", "fwd", "typedef", "volatile", "const"] as const),
  ...(["restrict", "func", "funcProto", "var", "datasec", "float", "declTag", "typeTag", "enum64"] as const),
] as const;
export type BtfKind = (typeof KINDS)[number];

/** Bytes behind the 12 of every type: so many, and so many for each of its members. */
const BEHIND: Readonly<Record<BtfKind, readonly [fixed: number, each: number]>> = {
  ...{ void: [0, 0], int: [4, 0], ptr: [0, 0], array: [12, 0], struct: [0, 12], union: [0, 12], enum: [0, 8] },
  ...{ fwd: [0, 0], typedef: [0, 0], volatile: [0, 0], const: [0, 0], restrict: [0, 0], func: [0, 0] },
  ...{ funcProto: [0, 8], var: [4, 0], datasec: [0, 12], float: [0, 0], declTag: [4, 0], typeTag: [0, 0] },
  enum64: [0, 12],
};
const TYPE_BYTES = 12;
const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
const POINTER_BYTES = 8;
/** Types that follow one another by reference: no compiler nests them deeper. */
const MOST_STEPS = 64;

interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Of a bit field. */
  readonly bits?: number;
}
interface BtfVariable {
  /** Of the variable: its kind is `var`, or `func` of an extern function. */
  readonly type: number;
  readonly offset: number;
  readonly size: number;
}
interface BtfTag {
  readonly text: string;
  /** What it is attached to, and which parameter or member of that; -1 is the whole of it. */
  readonly type: number;
  readonly component: number;
}

/** The types of a `.BTF` section, or why it holds none. */
export const readBtf = (bytes: Uint8Array): Parsed<Btf> => parsed(() => new Btf(bytes));

export class Btf {
  private readonly view: DataView;
  private readonly names: Names;
  /** Where each type begins; type 0 is `void` and has no place. */
  private readonly starts: Uint32Array;
  private ids: ReadonlyMap<string, readonly number[]> | undefined;

  /** @throws Malformed */
  constructor(bytes: Uint8Array) {
    if (bytes.length < HEADER_BYTES) throw new Malformed(`a BTF header of ${HEADER_BYTES} bytes`, `${bytes.length}`);
    const header = viewOf(bytes);
    const magic = header.getUint16(0, true);
    if (magic !== MAGIC) throw new Malformed("BTF, little endian", `magic 0x${magic.toString(16)}`);
    const [length, typesAt, typesBytes] = [4, 8, 12].map((at) => header.getUint32(at, true)) as [
      number,
      number,
      number,
    ];
    const [namesAt, namesBytes] = [16, 20].map((at) => header.getUint32(at, true)) as [number, number];
    const end = length + Math.max(typesAt + typesBytes, namesAt + namesBytes);
    if (end > bytes.length) throw new Malformed(`BTF within its ${bytes.length} bytes`, `tables up to byte ${end}`);
    this.names = new Names(bytes.subarray(length + namesAt, length + namesAt + namesBytes), "the names of BTF");
    const types = bytes.subarray(length + typesAt, length + typesAt + typesBytes);
    this.view = viewOf(types);
    this.starts = this.findStarts();
  }

  /** Types, `void` included. */
  get count(): number {
    return this.starts.length;
  }

  kind(id: number): BtfKind {
    return id === 0 ? "void" : KINDS[this.view.getUint8(this.at(id) + 7) & 0x1f]!;
  }

  name(id: number): string {
    return id === 0 ? "void" : this.names.at(this.view.getUint32(this.at(id), true));
  }

  /** The type that a pointer, typedef, qualifier, variable, tag or function refers to. */
  target(id: number): number {
    return this.view.getUint32(this.at(id) + 8, true);
  }

  /** Without typedefs, qualifiers and type tags. */
  resolve(id: number): number {
    let at = id;
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!TRANSPARENT.has(this.kind(at))) return at;
      at = this.target(at);
    }
    throw new Malformed(`type ${id} to come to an end`, "types that refer to each other in a circle");
  }

  /** Of a variable of that type. */
  sizeOf(id: number, steps = MOST_STEPS): number {
    const type = this.resolve(id);
    const kind = this.kind(type);
    if (kind === "ptr") return POINTER_BYTES;
    if (kind === "array") {
      if (steps === 0)
        throw new Malformed(`type ${id} to come to an end`, "types that refer to each other in a circle");
      const { element, length } = this.array(type);
      return length * this.sizeOf(element, steps - 1);
    }
    if (SIZED.has(kind)) return this.view.getUint32(this.at(type) + 8, true);
    throw new Malformed(`a type with a size`, `${kind} ${this.name(type)}`);
  }

  array(id: number): { readonly element: number; readonly length: number } {
    const at = this.ofKind(id, "array");
    return { element: this.view.getUint32(at + 12, true), length: this.view.getUint32(at + 20, true) };
  }

  /** Of a structure or union. */
  members(id: number): readonly BtfMember[] {
    const at = this.ofKind(id, "struct", "union");
    const isPacked = this.view.getUint8(at + 7) >= 0x80;
    return Array.from({ length: this.length(at) }, (_, i) => {
      const offset = this.view.getUint32(at + 20 + 12 * i, true);
      const name = this.names.at(this.view.getUint32(at + 12 + 12 * i, true));
      return {
        ...{ name, type: this.view.getUint32(at + 16 + 12 * i, true) },
        ...(isPacked ? packedOffset(offset) : { bitOffset: offset }),
      };
    });
  }

  /** Of a function's prototype. */
  parameters(id: number): readonly Pick<BtfMember, "name" | "type">[] {
    const at = this.ofKind(id, "funcProto");
    return Array.from({ length: this.length(at) }, (_, i) => ({
      name: this.names.at(this.view.getUint32(at + 12 + 8 * i, true)),
      type: this.view.getUint32(at + 16 + 8 * i, true),
    }));
  }

  /** Of a section. */
  variables(id: number): readonly BtfVariable[] {
    const at = this.ofKind(id, "datasec");
    return Array.from({ length: this.length(at) }, (_, i) => {
      const [type, offset, size] = [12, 16, 20].map((field) => this.view.getUint32(at + field + 12 * i, true));
      return { type: type!, offset: offset!, size: size! };
    });
  }

  /** All declaration tags, in the order of the file. */
  tags(): readonly BtfTag[] {
    return this.all("declTag").map((id) => ({
      text: this.name(id),
      type: this.target(id),
      component: this.view.getInt32(this.at(id) + 12, true),
    }));
  }

  /** The first type of that kind and name. */
  find(kind: BtfKind, name: string): number | undefined {
    this.ids ??= this.index();
    return this.ids.get(name)?.find((id) => this.kind(id) === kind);
  }

  /** A name in the table of names, as `.BTF.ext` refers to them. */
  text(offset: number): string {
    return this.names.at(offset);
  }

  private all(kind: BtfKind): readonly number[] {
    const ids: number[] = [];
    for (let id = 1; id < this.count; id++) if (this.kind(id) === kind) ids.push(id);
    return ids;
  }

  private index(): ReadonlyMap<string, readonly number[]> {
    const ids = new Map<string, number[]>();
    for (let id = 1; id < this.count; id++) {
      const name = this.name(id);
      const known = ids.get(name);
      if (known === undefined) ids.set(name, [id]);
      else known.push(id);
    }
    return ids;
  }

  private findStarts(): Uint32Array {
    const { view } = this;
    const starts = new Uint32Array(1 + Math.floor(view.byteLength / TYPE_BYTES));
    let id = 1;
    for (let at = 0; at < view.byteLength; id++) {
      if (at + TYPE_BYTES > view.byteLength)
        throw new Malformed(`type ${id} of BTF as a whole`, "the end of the types");
      const kind = KINDS[view.getUint8(at + 7) & 0x1f];
      if (kind === undefined || kind === "void") {
        throw new Malformed(`a kind of type for type ${id} of BTF`, `kind ${view.getUint8(at + 7) & 0x1f}`);
      }
      starts[id] = at;
      const [fixed, each] = BEHIND[kind];
      at += TYPE_BYTES + fixed + each * view.getUint16(at + 4, true);
      if (at > view.byteLength) throw new Malformed(`type ${id} of BTF as a whole`, "the end of the types");
    }
    return starts.slice(0, id);
  }

  private length(at: number): number {
    return this.view.getUint16(at + 4, true);
  }

  private at(id: number): number {
    if (id > 0 && id < this.count) return this.starts[id]!;
    throw new Malformed(`a type of BTF from 1 to ${this.count - 1}`, `type ${id}`);
  }

  private ofKind(id: number, ...kinds: readonly BtfKind[]): number {
    const kind = this.kind(id);
    if (kinds.includes(kind)) return this.at(id);
    throw new Malformed(`type ${id} of BTF to be ${kinds.join(" or ")}`, `${kind} ${this.name(id)}`);
  }
}

/** Of a member of a structure that has bit fields. */
const packedOffset = (field: number): Pick<BtfMember, "bitOffset" | "bits"> =>
  field >>> 24 === 0 ? { bitOffset: field } : { bitOffset: field & 0xff_ffff, bits: field >>> 24 };

const TRANSPARENT: ReadonlySet<BtfKind> = new Set(["typedef", "volatile", "const", "restrict", "typeTag", "var"]);
const SIZED: ReadonlySet<BtfKind> = new Set(["int", "struct", "union", "enum", "enum64", "float", "datasec"]);
