// One instruction of every form, word for word, as Linux 6.12 compiles it with its upstream defects mended (`words.json`).
// Results do not tell a 32-bit word from a 64-bit one where both compute the same, nor which scratch register was taken.

import { readFileSync } from "node:fs";
import { hexWord } from "../../../spec/bits.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { type AtomicRow, ROWS, type Row, rowById } from "../../../spec/bpf/isa.js";
import { wordsOfSlots } from "../../directed-case.js";
import { DEFAULT_ENV, type DirectedCase, type Subject } from "../../subject.js";

const OPERANDS = { dst: 1, src: 2, imm: 5 };
/** From the base of calls, in bytes. */
const HELPER = 0x1000;
const ACCESS = 8;
const ARENA = { userBase: { high: 0x1234, low: 0 }, kernelBase: { high: 0xffff_8000, low: 0x1000 } };
const EXIT = insn(rowById("exit"));
const HIGH = insn(rowById("lddw high"));
/** Behind the name of a form: without single-instruction atomics. */
const LL_SC = ", ll-sc";

const EVERY_FORM: DirectedCase = {
  name: "an instruction of every row, word for word",
  check(subject) {
    const table = JSON.parse(readFileSync(new URL("./words.json", import.meta.url), "utf8")) as Record<string, string>;
    for (const [name, expected] of Object.entries(table)) {
      const got = wordsOf(subject, rowById(name.replace(LL_SC, "")), !name.endsWith(LL_SC));
      if (got !== expected) return `${name} becomes ${got}, expected ${expected}`;
    }
    return undefined;
  },
};

function wordsOf(subject: Subject, row: Row, lse: boolean): string {
  const insns = [insn(row, operandsOf(row)), ...(row.kind === "lddw" ? [HIGH] : [])] as readonly Insn[];
  const words = wordsOfSlots(subject, [...insns, EXIT], insns.length, { lse }, ARENA);
  return words instanceof Uint32Array ? Array.from(words, hexWord).join(" ") || "nothing" : words.kind;
}

/** Jumps lead to the next slot. */
function operandsOf(row: Row): Partial<Pick<Insn, "dst" | "src" | "off" | "imm">> {
  switch (row.kind) {
    case "load":
    case "store":
    case "storeImm":
    case "atomic":
      return { ...OPERANDS, off: ACCESS };
    case "ja":
      return {};
    case "call":
      return row.target === "local" ? OPERANDS : { imm: HELPER };
    default:
      return OPERANDS;
  }
}

const ATOMICS = ROWS.filter((row): row is AtomicRow => row.kind === "atomic" && row.mode === "mem");
/** Base and data register. */
const PAIRS = [
  [0, 2],
  [1, 1],
  [1, 2],
] as const;

/**
 * Without LSE an atomic that fetches is a loop that reads its base again in every round. Where the old value goes to the
 * register of the base, the base is copied first; anywhere else a copy would be a word for nothing.
 */
const ALIASED_ATOMICS: DirectedCase = {
  name: "the base of an atomic is copied where the old value takes its register, and nowhere else",
  check(subject) {
    const count = (atomic: Insn): number => {
      const words = wordsOfSlots(subject, [atomic, EXIT], 1, { lse: false });
      return words instanceof Uint32Array ? words.length : 0;
    };
    for (const row of ATOMICS) {
      for (const [dst, src] of PAIRS) {
        const result = row.op === "cmpxchg" ? 0 : src;
        const expected = count(insn(row, { dst: 3, src: 4 })) + (row.fetch && dst === result ? 1 : 0);
        const words = count(insn(row, { dst, src }));
        if (words !== expected) return `${row.id} at r${dst} with r${src} takes ${words} words, expected ${expected}`;
      }
    }
    return undefined;
  },
};

/** Offset of the CPU's number in a task, in bytes -> the words that read it. */
const CPU_NUMBERS = [
  [16, "d538410a b9401147"],
  [16_380, "d538410a b97ffd47"],
  [18, "d538410a d280024b b86b6947"],
  [16_384, "d538410a d288000b b86b6947"],
] as const;

const INLINED_CPU_NUMBER: DirectedCase = {
  name: "the number of this CPU is read wherever a build keeps it",
  check(subject) {
    for (const [threadCpu, expected] of CPU_NUMBERS) {
      const offsets = { ...DEFAULT_ENV.offsets, threadCpu };
      const words = wordsOfSlots(subject, [insn(rowById("call helper"), { imm: 8 }), EXIT], 1, { offsets });
      const got = words instanceof Uint32Array ? Array.from(words, hexWord).join(" ") : words.kind;
      if (got !== expected) return `at ${threadCpu} it is read by ${got}, expected ${expected}`;
    }
    return undefined;
  },
};

export const WORDS: readonly DirectedCase[] = [ALIASED_ATOMICS, EVERY_FORM, INLINED_CPU_NUMBER];
