// What only a verifier can hand to the JIT: accesses that may fault, arenas, per-CPU addresses, inlined helpers, and
// atomics that no verifier lets through. Tried one small body at a time; its registers and all memory afterwards are the
// result.

import type { Va } from "../../../machine/address.js";
import type { U64 } from "../../../spec/bits.js";
import { type Insn, insn } from "../../../spec/bpf/insn.js";
import { rowById } from "../../../spec/bpf/isa.js";
import { PAGE_BYTES, pagesOf } from "../../../subjects/run/layout.js";
import { type JitEnv, VERSIONS, type Version } from "../../../subjects/subject.js";

export interface VerifierOnlyCase {
  /** Straight-line code, without an exit. */
  readonly body: readonly Insn[];
  /** r0 to r5 on entry; r0 is a signed 32-bit number. */
  readonly registers: readonly U64[];
  readonly env: Pick<JitEnv, "lse" | "vhe" | "bti">;
  /** Compiled as the JIT of that Linux does, its defects mended. Default: as that of 6.12, with all later instructions. */
  readonly version?: Version | undefined;
  /** Converted from classic BPF, for a CPU that forgets the branch history in this way. */
  readonly classic?: Classic | undefined;
  /** All constants are blinded first. */
  readonly isBlinded: boolean;
  /** The body lies in a second function, which the first calls after an access of its own that may fault. */
  readonly isCalled: boolean;
}

/** Those whose JITs have every instruction that a body may have. */
export const LATER_VERSIONS = VERSIONS.slice(VERSIONS.indexOf("6.18"));

/** Ways to forget the branch history, by name. */
export const BRANCH_HISTORIES = {
  kept: undefined,
  hint: { clear: "hint", firmware: undefined },
  loop: { clear: { loops: 8 }, firmware: undefined },
  hvc: { clear: undefined, firmware: "hvc" },
  smc: { clear: undefined, firmware: "smc" },
  "loop-hvc": { clear: { loops: 24 }, firmware: "hvc" },
  "hint-smc": { clear: "hint", firmware: "smc" },
} as const satisfies Record<string, JitEnv["branchHistory"]>;
export type Classic = keyof typeof BRANCH_HISTORIES;

export const REGISTERS = 10;
/** Registers that a case sets on entry: r0 to r5. */
export const ENTRY_REGISTERS = 6;
/** What the body may name: those, and r7 to r9, which are zero on entry. r6 leads to where all of them are stored. */
export const NAMED_REGISTERS: readonly number[] = [0, 1, 2, 3, 4, 5, 7, 8, 9];

/** Whole pages of 4 KiB, with nothing mapped beside them. */
export interface Place {
  readonly name: string;
  readonly base: Va;
  readonly bytes: number;
}
/** What is left of a case of which nothing else can be tried: any JIT takes it, and without one its file would not read back. */
export const PLAIN = insn(rowById("mov imm"));

/** What the registers are stored to in the end. */
export const RESULTS: Place = { name: "registers", base: 0x8000_b000_0000, bytes: PAGE_BYTES };
export const DATA: Place = { name: "data", base: 0x8000_b010_0000, bytes: PAGE_BYTES };
/** Where a variable of the kernel lies, by its number: one of 8 bytes in `DATA`. */
export const variableAt = (variable: number): Va => DATA.base + 8 * variable;
export const MOST_VARIABLE = PAGE_BYTES / 8 - 1;
export const TASK: Place = { name: "task", base: 0x8000_b020_0000, bytes: PAGE_BYTES };
/** Arena pointers count from `ARENA_BASE`; its first page is not mapped. */
export const ARENA_BASE: Va = 0x8000_c000_0000;
export const ARENA: Place = { name: "arena", base: ARENA_BASE + PAGE_BYTES, bytes: 2 * PAGE_BYTES };
const PLACES: readonly Place[] = [RESULTS, DATA, TASK, ARENA];
/** Upper half of the arena's addresses in user space. */
export const USER_HIGH = 0x7f05;

export const PERCPU_EL1 = 0x0000_1234_5678_9abcn;
export const PERCPU_EL2 = 0x0000_0fed_cba9_8765n;
/** As the default environment says: helpers that read the CPU's number and the task. */
export const CPU_NUMBER_HELPER = 8;
export const TASK_HELPERS: readonly number[] = [35, 158];
export const CPU_NUMBER_OFFSET = 16;

/** The same in whole pages of a machine: what lies beside a place on its page can be reached as well. */
export function placesOn(pageBytes: number): readonly Place[] {
  const known = onPages.get(pageBytes) ?? PLACES.map((place) => ({ ...place, ...pagesOf(place, pageBytes) }));
  onPages.set(pageBytes, known);
  return known;
}
const onPages = new Map<number, readonly Place[]>();

const initial = new Map<number, Uint8Array>();
/** What a place holds before each case: a copy. */
export function initialBytes({ bytes }: Place): Uint8Array {
  const known =
    initial.get(bytes) ?? Uint8Array.from({ length: bytes }, (_, i) => (i * 37 + (i >> 8) * 11 + 0x80) & 0xff);
  initial.set(bytes, known);
  return known.slice();
}
