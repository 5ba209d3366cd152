// Writes small arm64 kernel images for tests of whatever reads them, in every layout and wrapping, with the few things that
// a reader looks for: header, banner, functions, kallsyms, relocations, BTF. They are laid out as kernels are, and do nothing.

import { gzipSync } from "node:zlib";
import { BtfBuilder } from "./btf.js";
import { writeElf } from "./elf.js";

export const KERNEL_LAYOUTS = ["offsets before names", "offsets behind tokens", "place-relative"] as const;
type KernelLayout = (typeof KERNEL_LAYOUTS)[number];

export interface KernelSpec {
  readonly layout?: KernelLayout;
  /** Low 48 bits. */
  readonly base?: number;
  /** With entries where pointers will be, with pointers in place, or an image that cannot move. */
  readonly relocations?: "rela" | "in place";
  readonly pageBytes?: 4096 | 16384 | 65536;
  readonly release?: string;
  readonly hasBtf?: boolean;
  /** Whether data have names (KALLSYMS_ALL). */
  readonly namesData?: boolean;
  /** Functions and what each calls; those of `KERNEL_FUNCTIONS` if it is not given. */
  readonly functions?: KernelFunctions;
  /** Between the names and their markers: 6.2 and 6.3 have the order of the names there. */
  readonly hasSequence?: boolean;
}

export const KERNEL_BASE = 0x8000_8000_0000;
const RELATIVE = 0x403n;
const TOP_16 = 0xffffn << 48n;
const TEXT_AT = 0x10000;
const FUNCTION_BYTES = 16;
const RET = 0xd65f_03c0;
const BRANCH = 0x1400_0000;
const LINK = 0x9400_0000;
/** Functions of an image, and the names of those that each calls: three at most, the first with link. */
type KernelFunctions = Readonly<Record<string, readonly string[]>>;
export const KERNEL_FUNCTIONS: KernelFunctions = {
  _stext: [],
  bpf_int_jit_compile: ["bpf_jit_binary_pack_alloc", "aarch64_insn_copy"],
  bpf_jit_binary_pack_alloc: [],
  aarch64_insn_copy: [],
  bpf_prog_pack_alloc: [],
  bpf_prog_pack_free: [],
};

interface Placed {
  readonly name: string;
  readonly letter: string;
  readonly at: number;
}

const up = (at: number, to: number): number => Math.ceil(at / to) * to;

/** A raw `Image`. */
export function writeKernelImage(spec: KernelSpec = {}): Uint8Array {
  const { base = KERNEL_BASE, layout = "offsets behind tokens", relocations = "rela", pageBytes = 4096 } = spec;
  const { release = "6.12.0-test", hasBtf = true, namesData = true, hasSequence = false } = spec;
  const { functions: called = KERNEL_FUNCTIONS } = spec;
  const image = Buffer.alloc(0x20000);
  writeHeader(image, pageBytes);
  const functions = writeFunctions(image, called);
  let at = up(TEXT_AT + FUNCTION_BYTES * functions.length, 4096);
  at += image.write(`Linux version ${release} (somebody@somewhere) (cc 1.0) #1 SMP\n\0`, at, "latin1");
  const pointersAt = up(at, 8);
  const pointersEnd = pointersAt + 8 * functions.length;
  const btfAt = up(pointersEnd, 4096);
  const btf = hasBtf ? writeBtf() : new Uint8Array(0);
  image.set(btf, btfAt);
  const tablesAt = up(btfAt + btf.length, 4096);
  const data: Placed[] = [
    { name: "linux_banner", letter: "D", at: pointersAt - 64 },
    { name: "__start_BTF", letter: "D", at: btfAt },
    { name: "__stop_BTF", letter: "D", at: btfAt + btf.length },
    { name: "init_task", letter: "D", at: 0x1f000 },
  ];
  const head: Placed[] = [{ name: "_text", letter: "T", at: 0 }];
  const symbols = namesData ? [...head, ...functions, ...data] : functions;
  const { baseAt, end } = writeKallsyms(image, tablesAt, symbols, layout, hasSequence);
  const pointers = functions.map((symbol, i) => ({ at: pointersAt + 8 * i, to: base + symbol.at }));
  if (baseAt !== undefined) pointers.push({ at: baseAt, to: base + symbols[0]!.at });
  writePointers(image, up(end, 8), pointers, base, relocations);
  return new Uint8Array(image);
}

function writeHeader(image: Buffer, pageBytes: 4096 | 16384 | 65536): void {
  image.write("MZ", 0, "latin1");
  image.writeBigUInt64LE(BigInt(image.length + 0x1000), 0x10);
  image.writeUInt32LE({ 4096: 1, 16384: 2, 65536: 3 }[pageBytes] << 1, 0x18);
  image.write("ARM\x64", 0x38, "latin1");
  image.writeUInt32LE(0x40, 0x3c);
  // As an EFI program: one section, which is the file.
  image.write("PE\0\0", 0x40, "latin1");
  image.writeUInt16LE(1, 0x46);
  image.writeUInt32LE(image.length, 0x40 + 24 + 16);
}

function writeFunctions(image: Buffer, functions: KernelFunctions): readonly Placed[] {
  const names = Object.keys(functions);
  const placed = names.map((name, i) => ({ name, letter: "T", at: TEXT_AT + FUNCTION_BYTES * i }));
  const offset = (from: number, name: string): number => (placed[names.indexOf(name)]!.at - from) / 4;
  for (const { name, at } of placed) {
    for (let i = 0; i < FUNCTION_BYTES; i += 4) image.writeUInt32LE(RET, at + i);
    for (const [i, called] of functions[name]!.entries()) {
      const from = at + 4 * i;
      image.writeUInt32LE(((i === 0 ? LINK : BRANCH) | (offset(from, called) & 0x03ff_ffff)) >>> 0, from);
    }
  }
  return placed;
}

/** `struct bpf_prog` with a bit field and a union without a name in it, and a function. */
function writeBtf(): Uint8Array {
  const btf = new BtfBuilder();
  const int = btf.int("unsigned int", 4);
  const pointer = btf.add("ptr", "", 0);
  const union = btf.add(5, "", 8, ["insns", pointer, 0, "insnsi", pointer, 0], 2);
  const members = ["pages", int, 0, "jited", int, (1 << 24) | 32, "bpf_func", pointer, 64, "", union, 128];
  const prog = btf.add(0x80 | 4, "bpf_prog", 24, members, 4);
  const argument = btf.add("ptr", "", prog);
  const proto = btf.add("funcProto", "", argument, ["prog", argument], 1);
  btf.add("func", "bpf_int_jit_compile", proto);
  return btf.bytes();
}

interface Tables {
  readonly baseAt: number | undefined;
  readonly end: number;
}

function writeKallsyms(
  image: Buffer,
  start: number,
  symbols: readonly Placed[],
  layout: KernelLayout,
  hasSequence: boolean,
): Tables {
  const alignment = layout === "place-relative" ? 4 : 8;
  const isFirst = layout === "offsets before names";
  const offsetOf = ({ at }: Placed, place: number): number =>
    layout === "place-relative" ? at - place : at - symbols[0]!.at;
  const writeOffsets = (from: number): number => {
    for (const [i, symbol] of symbols.entries()) image.writeInt32LE(offsetOf(symbol, from + 4 * i), from + 4 * i);
    return up(from + 4 * symbols.length, alignment);
  };
  let at = start;
  let baseAt: number | undefined;
  if (isFirst) {
    baseAt = writeOffsets(at);
    at = baseAt + 8;
  }
  image.writeUInt32LE(symbols.length, at);
  at = up(at + 4, alignment);
  const names = at;
  const markers: number[] = [];
  for (const [i, { name, letter }] of symbols.entries()) {
    if (i % 256 === 0) markers.push(at - names);
    const text = Buffer.from(letter + name, "latin1");
    if (text.length >= 0x80) image[at++] = 0x80 | (text.length & 0x7f);
    image[at++] = text.length >= 0x80 ? text.length >> 7 : text.length;
    at += text.copy(image, at);
  }
  at = up(at, alignment);
  for (const marker of markers) at = image.writeUInt32LE(marker, at);
  if (hasSequence) at += 3 * symbols.length;
  at = writeTokens(image, up(at, alignment), alignment);
  if (isFirst) return { baseAt, end: at };
  at = writeOffsets(up(at, alignment));
  if (layout === "place-relative") return { baseAt: undefined, end: at };
  return { baseAt: at, end: at + 8 };
}

/** Every character that a name may have is a token, as is each byte of no use. */
function writeTokens(image: Buffer, start: number, alignment: number): number {
  const offsets: number[] = [];
  let at = start;
  for (let token = 0; token < 256; token++) {
    offsets.push(at - start);
    if (token > 0x20 && token < 0x7f) image[at++] = token;
    image[at++] = 0;
  }
  at = up(at, alignment);
  for (const offset of offsets) at = image.writeUInt16LE(offset, at);
  return at;
}

function writePointers(
  image: Buffer,
  entriesAt: number,
  pointers: readonly { readonly at: number; readonly to: number }[],
  base: number,
  relocations: "rela" | "in place",
): void {
  let entry = entriesAt;
  for (const { at, to } of pointers) {
    if (relocations === "in place") {
      image.writeBigUInt64LE(TOP_16 | BigInt(to), at);
      continue;
    }
    image.writeBigUInt64LE(TOP_16 | BigInt(base + at), entry);
    image.writeBigUInt64LE(RELATIVE, entry + 8);
    entry = image.writeBigUInt64LE(TOP_16 | BigInt(to), entry + 16);
  }
}

/** The same image, in a file of another sort. */
export const KERNEL_WRAPPINGS: Readonly<Record<string, (image: Uint8Array) => Uint8Array>> = {
  Image: (image) => image,
  "Image.gz": (image) => new Uint8Array(gzipSync(image)),
  "Image.zst": (image) => storedZstd(image),
  "EFI zboot (gzip)": (image) => zboot(gzipSync(image), "gzip"),
  "EFI zboot (zstd)": (image) => zboot(Buffer.concat([storedZstd(image), sizeOf(image)]), "zstd22"),
  vmlinux: (image) =>
    writeElf({
      ...{ machine: 183, type: 3, sections: [{ name: ".text", flags: 6, bytes: image }] },
      segments: [{ section: ".text", address: TOP_16 | BigInt(KERNEL_BASE) }],
    }),
};

function sizeOf(image: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(image.length);
  return bytes;
}

/** A zstd frame with nothing compressed. */
export function storedZstd(bytes: Uint8Array): Uint8Array {
  const most = 1 << 17;
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xa0), sizeOf(bytes)];
  for (let at = 0; at < bytes.length; at += most) {
    const block = bytes.subarray(at, at + most);
    const header = (block.length << 3) | (at + most >= bytes.length ? 1 : 0);
    parts.push(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, header >> 16), block);
  }
  return new Uint8Array(Buffer.concat(parts));
}

export function zboot(payload: Uint8Array, type: string): Uint8Array {
  const header = Buffer.alloc(64);
  header.write("MZ\0\0zimg", 0, "latin1");
  header.writeUInt32LE(64, 8);
  header.writeUInt32LE(payload.length, 12);
  header.write(type, 24, "latin1");
  return new Uint8Array(Buffer.concat([header, payload]));
}
