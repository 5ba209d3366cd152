// Programs that write down what they see: real BPF programs, compiled and run from read-only memory.

import { halves } from "../../machine/address.js";
import type { Machine } from "../../machine/machine.js";
import { type Insn, insn } from "../../spec/bpf/insn.js";
import { rowById } from "../../spec/bpf/isa.js";
import { JOURNAL } from "./layout.js";

/** Journal id of the traced program itself. */
export const TRACED = 99;

/** One record: who, and the words that it saw. */
interface JournalRecord {
  readonly id: number;
  readonly words: readonly bigint[];
}

const i = (id: string, fields: Partial<Omit<Insn, "row">> = {}): Insn => insn(rowById(id), fields);
const wide = (dst: number, high: number, low: number): readonly Insn[] => [
  i("lddw imm64", { dst, imm: low | 0 }),
  i("lddw high", { imm: high | 0 }),
];

/** Since Linux 7.0 the word below the arguments says in its second byte how many words below them a session's own lies. */
export const OWN_SHIFT = 8;
export const OWN_MASK = 0xff;

/** Write down the word that is a session's own, behind `count` others, and leave another one there. */
const ownWord = (count: number, leaves: bigint): readonly Insn[] => [
  i("ldxdw", { dst: 2, src: 6, off: -8 }),
  i("rsh imm", { dst: 2, imm: OWN_SHIFT }),
  i("and imm", { dst: 2, imm: OWN_MASK }),
  i("lsh imm", { dst: 2, imm: 3 }),
  i("mov reg", { dst: 3, src: 6 }),
  i("sub reg", { dst: 3, src: 2 }),
  i("ldxdw", { dst: 0, src: 3 }),
  i("stxdw", { dst: 9, src: 0, off: 16 + 8 * count }),
  ...wide(4, Number(BigInt.asIntN(32, leaves >> 32n)), Number(BigInt.asIntN(32, leaves))),
  i("stxdw", { dst: 3, src: 4 }),
];

/** What all recorders begin and end with. */
const BEGIN: readonly Insn[] = [
  i("mov reg", { dst: 6, src: 1 }),
  ...wide(7, halves(JOURNAL.base).high, halves(JOURNAL.base).low),
  i("ldxdw", { dst: 8, src: 7 }),
  i("mov reg", { dst: 9, src: 7 }),
  i("add reg", { dst: 9, src: 8 }),
];
const DESTROY: readonly Insn[] = [1, 2, 3, 4, 5].map((dst) => i("mov imm", { dst, imm: -1000 - dst }));
const STORE_CONTEXT = [i("stxdw", { dst: 9, src: 6, off: 16 })];
const EXIT = i("exit");

const copies = new Map<number, readonly Insn[]>();

/** Copy `count` words from byte `from` of the context on. The same few are asked for over and over. */
function copyOf(from: number, count: number): readonly Insn[] {
  const key = from * 64 + count;
  let copy = copies.get(key);
  if (copy === undefined) {
    copy = Array.from({ length: count }, (_, k) => [
      i("ldxdw", { dst: 0, src: 6, off: from + 8 * k }),
      i("stxdw", { dst: 9, src: 0, off: 16 + 8 * k }),
    ]).flat();
    copies.set(key, copy);
  }
  return copy;
}

/**
 * Write down id, count and `count` words from byte `from` of the context on, or with no count the context pointer itself, then
 * the session's own word if it `leaves` one; destroy what a program may destroy; return `result`.
 */
export function recorder(
  id: number,
  context: { from: number; count: number } | undefined,
  result: bigint,
  leaves?: bigint,
): Insn[] {
  const seen = context?.count ?? 1;
  const count = seen + (leaves === undefined ? 0 : 1);
  return [
    ...BEGIN,
    i("stdw", { dst: 9, off: 0, imm: id }),
    i("stdw", { dst: 9, off: 8, imm: count }),
    ...(context === undefined ? STORE_CONTEXT : copyOf(context.from, seen)),
    ...(leaves === undefined ? [] : ownWord(seen, leaves)),
    i("add imm", { dst: 8, imm: 16 + 8 * count }),
    i("stxdw", { dst: 7, src: 8 }),
    ...DESTROY,
    ...wide(0, Number(BigInt.asIntN(32, result >> 32n)), Number(BigInt.asIntN(32, result))),
    EXIT,
  ];
}

const EMPTY_BYTES = 8;
const EMPTY = Uint8Array.of(EMPTY_BYTES, 0, 0, 0, 0, 0, 0, 0);
const NO_RECORDS: readonly JournalRecord[] = [];

/** Begin a new journal. */
export const clearJournal = (machine: Machine): void => machine.poke(JOURNAL.base, EMPTY);

/** All records of the journal, then begin a new one. */
export function takeRecords(machine: Machine): readonly JournalRecord[] {
  const bytes = Number(machine.peek64(JOURNAL.base));
  if (bytes === EMPTY_BYTES) return NO_RECORDS;
  const records: JournalRecord[] = [];
  for (let at = EMPTY_BYTES; at < bytes; ) {
    const count = Number(machine.peek64(JOURNAL.base + at + 8));
    const words = Array.from({ length: count }, (_, k) => machine.peek64(JOURNAL.base + at + 16 + 8 * k));
    records.push({ id: Number(machine.peek64(JOURNAL.base + at)), words });
    at += 16 + 8 * count;
  }
  clearJournal(machine);
  return records;
}
