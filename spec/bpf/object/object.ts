// A BPF object file, as clang and gcc write it: relocatable ELF with the code of programs and their subprograms. This is
// what there is; `link.ts` makes of one function what can be run. Sources: the documentation of libbpf and of LLVM's BPF
// target (relocations), and the convention of section names.

import { type Btf, readBtf } from "../../btf/btf.js";
import { type BtfExt, readBtfExt } from "../../btf/ext.js";
import { ELF_MACHINE, ELF_TYPE, type Elf, readElf, SECTION_FLAG, SECTION_TYPE } from "../../elf/elf.js";
import { type ElfSymbol, symbolsOf } from "../../elf/symbols.js";
import { Malformed, type Parsed, parsed } from "../../malformed.js";
import { functionsOf, type ObjectFunction } from "./functions.js";
import { mapsOf } from "./maps.js";
import type { ObjectMap } from "./object-map.js";

export interface BpfObject {
  readonly elf: Elf;
  readonly symbols: readonly ElfSymbol[];
  /** In the order of the file. */
  readonly functions: readonly ObjectFunction[];
  readonly maps: readonly ObjectMap[];
  readonly btf: Btf | undefined;
  /** Lines of the source, and what must fit the kernel's types; absent where the object was compiled without `-g`. */
  readonly ext: BtfExt | undefined;
}

/** The section of subprograms. */
const TEXT = ".text";

/** The object in a file, or why it is none. */
export function readObject(bytes: Uint8Array): Parsed<BpfObject> {
  const elf = readElf(bytes);
  return elf.ok ? parsed(() => objectOf(elf.value)) : elf;
}

function objectOf(elf: Elf): BpfObject {
  if (elf.machine !== ELF_MACHINE.bpf && elf.machine !== ELF_MACHINE.none) {
    throw new Malformed("an ELF file for BPF", `one for ${machineName(elf.machine)}`, FOR_BPF);
  }
  if (elf.type !== ELF_TYPE.relocatable) {
    const got = ELF_TYPES.get(elf.type) ?? `one of type ${elf.type}`;
    throw new Malformed("a relocatable ELF file", got, "name what the compiler made, before it was linked");
  }
  const symbols = symbolsOf(elf);
  const code = elf.sections.filter(
    ({ type, flags }) => type === SECTION_TYPE.progbits && (flags & SECTION_FLAG.execute) !== 0,
  );
  const functions = code.flatMap((section) => functionsOf(section, symbols));
  if (functions.length === 0)
    throw new Malformed("code in a BPF object", "no section with instructions", "name another file");
  const bytesOf = (name: string): Uint8Array | undefined => elf.sections.find((one) => one.name === name)?.bytes;
  const [types, ext] = [bytesOf(".BTF"), bytesOf(".BTF.ext")];
  const btf = types && readOrThrow(readBtf(types));
  return {
    ...{ elf, symbols, functions, btf, ext: btf && ext && readOrThrow(readBtfExt(ext, btf)) },
    maps: mapsOf(elf, symbols, btf),
  };
}

function readOrThrow<T>(read: Parsed<T>): T {
  if (read.ok) return read.value;
  throw new Malformed(read.error.expected, read.error.got);
}

/**
 * The functions that a loader would attach: the global ones outside `.text`. An object that has none was made of
 * functions alone, and then each of those is one.
 */
export function programsOf({ functions }: BpfObject): readonly ObjectFunction[] {
  const outside = functions.filter(({ section, isGlobal }) => section.name !== TEXT && isGlobal);
  if (outside.length > 0) return outside;
  const global = functions.filter(({ isGlobal }) => isGlobal);
  return global.length > 0 ? global : functions;
}

const FOR_BPF = "compile it with --target=bpf";
const ELF_TYPES = new Map<number, string>([
  [ELF_TYPE.executable, "an executable"],
  [ELF_TYPE.dynamic, "a shared object"],
  [4, "a core dump"],
]);
const MACHINES = new Map([
  [3, "x86"],
  [8, "MIPS"],
  [21, "64-bit PowerPC"],
  [22, "S/390"],
  [40, "32-bit Arm"],
  [62, "x86-64"],
  [ELF_MACHINE.aarch64, "AArch64"],
  [243, "RISC-V"],
  [258, "LoongArch"],
]);
const machineName = (machine: number): string => MACHINES.get(machine) ?? `machine ${machine}`;
