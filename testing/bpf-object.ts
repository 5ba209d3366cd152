// Writes BPF object files for tests, as a compiler would: code of text, with relocations where a line names a symbol.

import { encode } from "../spec/bpf/insn.js";
import { parse } from "../spec/bpf/text/parse.js";
import { BtfBuilder } from "./btf.js";
import { type ElfSpec, writeElf } from "./elf.js";

const CODE_FLAGS = 6;
const DATA_FLAGS = 3;

interface CodeSpec {
  readonly section: string;
  readonly functions: readonly {
    readonly name: string;
    readonly text: string;
    /** A `static` one. */
    readonly local?: true;
    /** Slot of the function -> the symbol that it refers to, and the relocation's type. */
    readonly relocations?: Readonly<Record<number, { readonly symbol: string; readonly type: number }>>;
  }[];
}
interface DataSpec {
  readonly section: string;
  readonly bytes: Uint8Array;
  /** Variables: name -> offset and size. */
  readonly symbols?: Readonly<Record<string, readonly [offset: number, size: number]>>;
  readonly relocations?: readonly { readonly offset: number; readonly type: number; readonly symbol: string }[];
  /** Sections that are not loaded, as `.BTF`. */
  readonly isDebug?: true;
}
export interface ObjectSpec {
  readonly code: readonly CodeSpec[];
  readonly data?: readonly DataSpec[];
  /** Undefined symbols. */
  readonly externs?: readonly string[];
  /** Default: BPF. */
  readonly machine?: number;
}

export const ADDRESS = 1;
export const CALL = 10;

/** A call of a function by its symbol, and a 64-bit immediate to be filled in: what a compiler writes before linking. */
export function writeObject({ code, data = [], externs = [], machine }: ObjectSpec): Uint8Array {
  const symbols: NonNullable<ElfSpec["symbols"]>[number][] = externs.map((name) => ({ name, type: 0 }));
  const relocations: Record<string, { offset: number; type: number; symbol: string }[]> = {};
  const sections = code.map(({ section, functions }) => {
    const parts: Uint8Array[] = [];
    let start = 0;
    for (const { name, text, local, relocations: own = {} } of functions) {
      const bytes = assemble(text);
      symbols.push({ name, section, value: start, size: bytes.length, binding: local ? 0 : 1 });
      for (const [slot, { symbol, type }] of Object.entries(own)) {
        relocations[section] ??= [];
        relocations[section].push({ offset: start + 8 * Number(slot), type, symbol });
      }
      parts.push(bytes);
      start += bytes.length;
    }
    return { name: section, flags: CODE_FLAGS, bytes: new Uint8Array(Buffer.concat(parts)) };
  });
  for (const { section, symbols: own = {}, relocations: at } of data) {
    for (const [name, [value, size]] of Object.entries(own)) symbols.push({ name, section, value, size, type: 1 });
    if (at !== undefined) relocations[section] = [...at];
  }
  return writeElf({
    sections: [
      ...sections,
      ...data.map(({ section, bytes, isDebug }) => ({ name: section, bytes, flags: isDebug ? 0 : DATA_FLAGS })),
    ],
    symbols,
    relocations,
    ...(machine !== undefined && { machine }),
  });
}

function assemble(text: string): Uint8Array {
  const read = parse(text);
  if (!read.ok) throw new Error(read.error.message);
  return encode(read.value);
}

/** A program with a subprogram, a map that BTF describes, a variable and a line of its source. */
export function exampleObject(): Uint8Array {
  const btf = new BtfBuilder();
  const counts = btf.map("counts", { type: 1, max_entries: 4, key_size: 4, value_size: 8 });
  btf.section(".maps", [{ type: counts, offset: 0, size: 32 }]);
  const main = btf.add("func", "main", btf.add("funcProto", "", btf.int("int", 4)));
  btf.add("declTag", "comment:test_expect_success", main, [0xffff_ffff]);
  const ext = btf.ext({ xdp: [{ offset: 0, words: ["prog.c", "", 23 << 10] }] });
  const relocations = {
    ...{ 0: { symbol: "counts", type: ADDRESS }, 2: { symbol: "limit", type: ADDRESS } },
    4: { symbol: "sub", type: CALL },
  };
  const text = "r1 = 0 ll\nr2 = 0 ll\ncall pc-1\nexit\n";
  return writeObject({
    code: [
      { section: "xdp", functions: [{ name: "main", text, relocations }] },
      { section: ".text", functions: [{ name: "sub", text: "r0 = 0\nexit\n" }] },
    ],
    data: [
      { section: ".maps", bytes: new Uint8Array(32), symbols: { counts: [0, 32] } },
      { section: ".rodata", bytes: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0), symbols: { limit: [4, 4] } },
      { section: ".BTF", bytes: btf.bytes(), isDebug: true },
      { section: ".BTF.ext", bytes: ext, isDebug: true },
    ],
  });
}
