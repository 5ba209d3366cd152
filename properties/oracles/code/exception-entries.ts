// Every access that may fault has an entry in the exception table that names its word, goes on behind it, and clears the
// register of a load. Entries lie in the order of their words.

import type { A64Insn } from "../../../spec/a64/insn.js";
import type { Insn } from "../../../spec/bpf/insn.js";
import { ROWS } from "../../../spec/bpf/isa.js";
import { ENTRY_BYTES } from "../../../spec/text/text.js";
import { PASS } from "../oracle.js";
import { codeOracle } from "./code-oracle.js";
import { type CompiledCode, extent, insnAt } from "./compiled-code.js";

const FIXUP_BITS = 27;
/** In place of the distance, where a kernel reports faults in arenas: that it is one, and the offset. */
const IN_ARENA = 1 << 21;
/** x5 stands for no register. */
const NOTHING = 5;

/** By row. A mode that some rows lack is compared in the engine's runtime, and all slots are asked. */
const MAY_FAULT = ROWS.map(({ mode }) => mode === "probe" || mode === "arena");

export const exceptionEntries = codeOracle({
  name: "exception-entries",
  statement:
    "Every access that may fault has an exception entry, in order, that goes on behind it and clears the register of a load.",
  source: "linux v6.12 arch/arm64/net/bpf_jit_comp.c, add_exception_handler(), ex_handler_bpf()",
  whole(code) {
    // No pair of index and instruction for every slot: most programs have no such access.
    const faulting: number[] = [];
    for (let pc = 0; pc < code.insns.length; pc++) {
      if (MAY_FAULT[code.insns[pc]!.row.index!]) faulting.push(pc);
    }
    if (faulting.length !== code.entries) return [`${code.entries} entries for ${faulting.length} accesses`];
    return faulting.flatMap((pc, i) => entry(code, pc, i).map((what) => `entry ${i}, slot ${pc}: ${what}`));
  },
});

function entry(code: CompiledCode, pc: number, index: number): readonly string[] {
  const at = code.tableBytes + index * code.entryBytes;
  const field = (bytes: number): number => code.words[(at + bytes) / 4] ?? 0;
  const [first, end] = extent(code, pc);
  let access = -1;
  for (let word = first; word < end; word++) if (isAccess(code, word)) access = word;
  const names = at + (field(0) | 0);
  const fixup = field(4);
  const below = fixup & (2 ** FIXUP_BITS - 1);
  const clears = fixup >>> FIXUP_BITS;
  const load = insnAt(code, access);
  const expected = clearedBy(code, pc, load);
  if (names !== 4 * access) return [`names byte ${names}, expected ${4 * access}`];
  const wrong = code.changes.arenaReport ? reported(code.insns[pc]!, below) : resumed(at + 4 - below, 4 * access + 4);
  if (wrong !== undefined) return [wrong];
  if (clears !== expected) return [`clears x${clears}, expected x${expected}`];
  if (code.entryBytes < ENTRY_BYTES) return PASS;
  return (field(8) & 0xffff) === 1 ? PASS : [`has type ${field(8) & 0xffff}`];
}

/** The register that becomes zero where the access is skipped: of a load, and since 7.2 of what fetches in an arena. */
function clearedBy({ insns, changes }: CompiledCode, pc: number, access: A64Insn | undefined): number {
  const row = insns[pc]?.row;
  const reads =
    row?.kind === "load" || row?.kind === "loadAcquire" || (row?.kind === "atomic" && row.fetch && changes.arenaWrite);
  if (!reads || access === undefined) return NOTHING;
  if (access.kind === "compareAndSwap") return access.rs;
  return "rt" in access ? access.rt : NOTHING;
}

const resumed = (at: number, expected: number): string | undefined =>
  at === expected ? undefined : `goes on at byte ${at}, expected ${expected}`;

/** What it says of an access of an arena; nothing of any other. */
function reported({ row, off }: Insn, below: number): string | undefined {
  const isArena = row.mode === "arena";
  const [flag, offset] = [below & IN_ARENA, below & 0xffff];
  if (!isArena) return below === 0 ? undefined : `says 0x${below.toString(16)} of an access of no arena`;
  if (flag === 0) return "does not say that an arena is accessed";
  return offset === (off & 0xffff) ? undefined : `says offset ${offset}, expected ${off & 0xffff}`;
}

const ACCESSES: ReadonlySet<A64Insn["kind"]> = new Set<A64Insn["kind"]>([
  ...(["accessImmediate", "accessRegister", "accessOrdered", "atomicMemory", "compareAndSwap"] as const),
]);

function isAccess(code: CompiledCode, word: number): boolean {
  const found = insnAt(code, word);
  return found !== undefined && ACCESSES.has(found.kind);
}
