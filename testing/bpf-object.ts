// Writes BPF object files for tests, as a compiler would: code of text, with relocations where a line names a symbol.

import { encode } from "../spec/bpf/insn.js";
import { parse } from "../spec/bpf/text/parse.js";
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
}

export const ADDRESS = 1;
export const CALL = 10;

/** A call of a function by its symbol, and a 64-bit immediate to be filled in: what a compiler writes before linking. */
export function writeObject({ code, data = [], externs = [] }: ObjectSpec): Uint8Array {
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
  });
}

function assemble(text: string): Uint8Array {
  const read = parse(text);
  if (!read.ok) throw new Error(read.error.message);
  return encode(read.value);
}
