// A `vmlinux` (ELF) as the raw image that would be made of it: its loaded segments at their distances from the first.

import { ELF_MACHINE, type Elf, type ElfSegment, readElf, SECTION_TYPE, SEGMENT_LOAD } from "../../../spec/elf/elf.js";
import { SYMBOL_TYPE, symbolsOf } from "../../../spec/elf/symbols.js";
import { Malformed } from "../../../spec/malformed.js";
import { MOST_UNPACKED_BYTES } from "./decompress.js";
import type { ListedSymbol } from "./symbols.js";

/** @throws Malformed if the file is no arm64 kernel */
export function readVmlinux(bytes: Uint8Array): Elf {
  const read = readElf(bytes);
  if (!read.ok) throw new Malformed(read.error.expected, read.error.got);
  const elf = read.value;
  if (elf.machine !== ELF_MACHINE.aarch64) {
    throw new Malformed("an ELF file for AArch64", `one for ${MACHINES[elf.machine] ?? `machine ${elf.machine}`}`);
  }
  return elf;
}

const MACHINES: Readonly<Record<number, string>> = {
  ...{
    2: "SPARC",
    3: "x86 (32 bit)",
    8: "MIPS",
    20: "PowerPC",
    21: "PowerPC (64 bit)",
    22: "s390",
    40: "Arm (32 bit)",
  },
  ...{ 43: "SPARC (64 bit)", 62: "x86-64", 243: "RISC-V", 247: "BPF, a program and no kernel", 258: "LoongArch" },
};

const KERNEL_HALF = 0xffffn << 48n;
const LOW_48 = 0xffff_ffff_ffffn;
const isInKernel = ({ type, address }: ElfSegment): boolean => type === SEGMENT_LOAD && address >= KERNEL_HALF;

/** The bytes, and the low 48 bits of the address of the first. @throws Malformed */
export function flattened(elf: Elf): { readonly bytes: Uint8Array; readonly base: number } {
  const loaded = elf.segments.filter(isInKernel);
  if (loaded.length === 0) {
    throw new Malformed(
      "a linked kernel with segments to load",
      "no segment at a kernel address: it may be a module or an object",
    );
  }
  const base = loaded.reduce((least, { address }) => (address < least ? address : least), loaded[0]!.address);
  const bytes = loaded.filter((segment) => segment.bytes.length > 0);
  const ends = bytes.map((segment) => Number(segment.address - base) + segment.bytes.length);
  const end = Math.max(0, ...ends);
  if (end > MOST_UNPACKED_BYTES) {
    throw new Malformed(`segments within ${MOST_UNPACKED_BYTES >> 20} MiB of each other`, `${end} bytes`);
  }
  const flat = new Uint8Array(end);
  for (const segment of bytes) flat.set(segment.bytes, Number(segment.address - base));
  return { bytes: flat, base: Number(base & LOW_48) };
}

/** Functions and data that have a place; empty if the file was stripped. @throws Malformed */
export function listedSymbols(elf: Elf): readonly ListedSymbol[] {
  const listed: ListedSymbol[] = [];
  for (const { name, value, type, binding, section } of symbolsOf(elf)) {
    if (name === "" || name.startsWith("$") || section === 0 || value < KERNEL_HALF) continue;
    if (type === SYMBOL_TYPE.section || type === SYMBOL_TYPE.file) continue;
    const flags = elf.sections[section]?.flags ?? 0;
    const kind = (flags & 4) !== 0 ? "t" : elf.sections[section]?.type === SECTION_TYPE.nobits ? "b" : "d";
    listed.push({ name, va: Number(value & LOW_48), letter: binding === 0 ? kind : kind.toUpperCase() });
  }
  return listed.sort((a, b) => a.va - b.va);
}
