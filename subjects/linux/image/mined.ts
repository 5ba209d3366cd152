// Data that a kernel without names of data (built without KALLSYMS_ALL) needs to be run, found by what must be there: variables
// by the instructions of functions that use them, tables by what their entries point to. Whoever has the System.map or
// the vmlinux of the same build gives that instead.

import type { Va } from "../../../machine/address.js";
import type { ListedSymbol, Symbols } from "./symbols.js";
import type { KernelTypes } from "./types.js";

interface Minable {
  readonly base: Va;
  readonly bytes: Uint8Array;
  readonly symbols: Symbols;
  readonly functions: Float64Array;
  readonly types: KernelTypes | undefined;
}

/** What an instruction does at an address that the code before it has made. */
interface Use {
  readonly kind: "load" | "atomic" | "argument";
  readonly va: Va;
  /** What is called, with the address as first argument. */
  readonly called?: string;
}

/** By name, where it is used first in that way: one of the functions has it. */
const VARIABLES: readonly {
  readonly name: string;
  readonly functions: readonly string[];
  readonly use: Use["kind"];
}[] = [
  { name: "bpf_jit_current", functions: ["bpf_jit_charge_modmem"], use: "atomic" },
  { name: "bpf_jit_limit", functions: ["bpf_jit_charge_modmem"], use: "load" },
  { name: "patch_lock", functions: ["__aarch64_insn_write"], use: "atomic" },
];
/** The lock that a function takes first. */
const LOCKS = [{ name: "text_mutex", function: "bpf_arch_text_poke", take: "mutex_lock" }] as const;

/** @returns symbols of what was found, ascending by address */
export function minedSymbols(image: Minable): readonly ListedSymbol[] {
  const found: ListedSymbol[] = [];
  const add = (name: string, va: Va | undefined): void => {
    if (va !== undefined && image.symbols.address(name) === undefined) found.push({ name, va, letter: "d" });
  };
  for (const { name, functions, use } of VARIABLES) {
    add(name, usesIn(image, functions).find(({ kind }) => kind === use)?.va);
  }
  for (const { name, function: fn, take } of LOCKS) {
    add(name, usesIn(image, [fn]).find(({ kind, called }) => kind === "argument" && called === take)?.va);
  }
  for (const [start, stop, table] of [
    ["__start___ex_table", "__stop___ex_table", exceptionTable(image)],
    ["__start___bug_table", "__stop___bug_table", bugTable(image)],
  ] as const) {
    add(start, table?.from);
    add(stop, table?.to);
  }
  return found.sort((a, b) => a.va - b.va);
}

const viewOf = ({ bytes }: Minable): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

const CLOBBERED = 18;
/** Between registers of 64 bits: ORR of XZR. */
const MOV = 0xaa00_03e0;

/** Straight through the functions, branches not followed: compilers make an address next to its use. */
function usesIn(image: Minable, names: readonly string[]): readonly Use[] {
  const view = viewOf(image);
  return names.flatMap((name) => {
    const start = image.symbols.address(name);
    if (start === undefined) return [];
    const end = image.functions.find((va) => va > start) ?? start;
    const known = new Map<number, Va>();
    const uses: Use[] = [];
    for (let va = start; va < end && va + 4 <= image.base + image.bytes.length; va += 4) {
      const word = view.getUint32(va - image.base, true);
      const [rd, rn] = [word & 31, (word >>> 5) & 31];
      const at = known.get(rn);
      if ((word & 0x9f00_0000) >>> 0 === 0x9000_0000) {
        const pages = (((word >>> 5) << 13) >> 11) | ((word >>> 29) & 3);
        known.set(rd, va - (va % 4096) + pages * 4096);
        continue;
      }
      if ((word & 0xff80_0000) >>> 0 === 0x9100_0000) {
        const imm = ((word >>> 10) & 0xfff) << ((word & 0x40_0000) !== 0 ? 12 : 0);
        if (at === undefined) known.delete(rd);
        else known.set(rd, at + imm);
        continue;
      }
      if ((word & 0xfc00_0000) >>> 0 === 0x9400_0000) {
        const called = image.symbols.at(va + ((word << 6) >> 6) * 4);
        const argument = known.get(0);
        if (argument !== undefined && called?.offset === 0)
          uses.push({ kind: "argument", va: argument, called: called.name });
        for (let r = 0; r <= CLOBBERED; r++) known.delete(r);
        continue;
      }
      const moved = known.get((word >>> 16) & 31);
      if ((word & 0xffe0_ffe0) >>> 0 === MOV && moved !== undefined) {
        known.set(rd, moved);
        continue;
      }
      if (at !== undefined && (word & 0xffc0_0000) >>> 0 === 0xf940_0000) {
        uses.push({ kind: "load", va: at + ((word >>> 10) & 0xfff) * 8 });
      }
      if (at !== undefined && isAtomic(word)) uses.push({ kind: "atomic", va: at });
      known.delete(rd);
    }
    return uses;
  });
}

/** Load- and store-exclusive, compare-and-swap, and atomic operations. */
const isAtomic = (word: number): boolean =>
  (word & 0x3f00_0000) >>> 0 === 0x0800_0000 || (word & 0x3b20_0c00) >>> 0 === 0x3820_0000;

interface Table {
  readonly from: Va;
  readonly to: Va;
}

/** Fewer entries in a row are taken for something else. */
const LEAST_EXCEPTIONS = 200;
const LEAST_BUGS = 500;
const BRK_BUG = 0xd421_0000;
const LONG_ENTRY_BYTES = 12;
/** Of an entry with a type, where that is; types are counted from 1. */
const TYPE_AT = 8;
const MOST_TYPES = 8;

/** Entries are sorted by the access, which lies in the text, as does where the kernel goes on. */
function exceptionTable(image: Minable): Table | undefined {
  const view = viewOf(image);
  const text = textOf(image);
  const copy = rangeOf(image, ALWAYS_FAULTS);
  if (text === undefined || copy === undefined) return undefined;
  const bytes = image.types?.struct("exception_table_entry")?.bytes ?? LONG_ENTRY_BYTES;
  const accessOf = (at: number): number => at + view.getInt32(at, true);
  const isText = (at: number): boolean => at >= text.from && at < text.to && at % 4 === 0;
  const isKnown = (at: number): boolean => {
    const type = view.getInt16(at + TYPE_AT, true);
    return type >= 1 && type <= MOST_TYPES;
  };
  const isEntry = (at: number): boolean =>
    isText(accessOf(at)) && isText(at + 4 + view.getInt32(at + 4, true)) && (bytes < LONG_ENTRY_BYTES || isKnown(at));
  return longest(image, {
    bytes,
    least: LEAST_EXCEPTIONS,
    isEntry,
    follows: (at) => accessOf(at) > accessOf(at - bytes),
    isWhole: (from, to) => {
      for (let at = from; at < to; at += bytes) if (accessOf(at) >= copy.from && accessOf(at) < copy.to) return true;
      return false;
    },
  });
}

/** Each entry is of a BRK that WARN and BUG are made of. */
function bugTable(image: Minable): Table | undefined {
  const view = viewOf(image);
  const bytes = image.types?.struct("bug_entry")?.bytes ?? LONG_ENTRY_BYTES;
  const isEntry = (at: number): boolean => {
    const brk = at + view.getInt32(at, true);
    return brk >= 0 && brk + 4 <= view.byteLength && brk % 4 === 0 && view.getUint32(brk, true) === BRK_BUG;
  };
  return longest(image, { bytes, least: LEAST_BUGS, isEntry, follows: () => true, isWhole: () => true });
}

/** A function of every version with accesses that may fault. */
const ALWAYS_FAULTS = "__arch_copy_to_user";

function rangeOf({ base, symbols, functions }: Minable, name: string): { from: number; to: number } | undefined {
  const start = symbols.address(name);
  const end = start === undefined ? undefined : functions.find((va) => va > start);
  return start === undefined || end === undefined ? undefined : { from: start - base, to: end - base };
}

/** Offsets of the kernel's text. */
function textOf({ base, symbols }: Minable): { readonly from: number; readonly to: number } | undefined {
  const [from, to] = [symbols.address("_stext"), symbols.address("_etext")];
  return from === undefined || to === undefined ? undefined : { from: from - base, to: to - base };
}

interface Entries {
  readonly bytes: number;
  readonly least: number;
  /** At an offset of the image. */
  isEntry(at: number): boolean;
  /** Whether an entry may stand behind the one before it. */
  follows(at: number): boolean;
  /** Whether such a row can be the table. */
  isWhole(from: number, to: number): boolean;
}

/** The longest row of entries; undefined if none is long enough. Tables are aligned to words. */
function longest(
  { base, bytes: image }: Minable,
  { bytes, least, isEntry, follows, isWhole }: Entries,
): Table | undefined {
  const end = image.length - bytes;
  let best: Table | undefined;
  let most = least - 1;
  for (let at = 0; at <= end; at += 4) {
    // Most places are refused by the entry in the middle of the shortest row.
    const probe = at + bytes * (least >> 1);
    if (probe > end || !isEntry(probe) || !isEntry(at)) continue;
    let next = at + bytes;
    while (next <= end && isEntry(next) && follows(next)) next += bytes;
    const count = (next - at) / bytes;
    if (count > most && isWhole(at, next)) {
      most = count;
      best = { from: base + at, to: base + next };
    }
    if (count >= least) at = next - 4;
  }
  return best;
}
