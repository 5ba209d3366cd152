// What a failing program is about: an instruction row, by the first register that differs or the first remarkable instruction.

import type { Insn } from "../../../spec/bpf/insn.js";
import type { Case } from "../../../subjects/case.js";
import { slotKey, withoutSlots } from "../../../subjects/deviation.js";
import type { Subject } from "../../../subjects/subject.js";
import { type Disagreement, INTERPRETERS_AGREE, type Verdict } from "../../verdict.js";
import type { RunReport } from "./report.js";
import { traceWith } from "./trace-run.js";

/** @param check runs it again: only where the runs can tell more */
export function blame(
  c: Case,
  { oracle }: Disagreement,
  check: (c: Case) => readonly RunReport[],
  subject: Subject,
): string {
  if (!BLAMES.has(oracle)) return "?";
  const failed = oracle === "exec-match" ? check(c) : [];
  const run = failed.find(({ verdict }) => verdict.kind === "disagree");
  return (run && firstDifferent(c, c.inputs[run.input]!, subject)) ?? remarkable(c);
}

/** Those whose objections are about what a program does. */
const BLAMES: ReadonlySet<string> = new Set(["exec-match", "compiles", "no-exception", INTERPRETERS_AGREE]);

/** The instruction after which a register differs for the first time, or at which the paths part. */
function firstDifferent(c: Case, input: Uint8Array, subject: Subject): string | undefined {
  try {
    const { rows } = traceWith(c, input, () => "", subject);
    const row = rows.find(({ differences }) => differences.length > 0);
    if (row === undefined || typeof row.part !== "number") return undefined;
    const code = row.words[0]?.code ?? 0;
    return c.program.code[code]?.[row.part]?.row.id;
  } catch {
    // What ended the trace ended the run as well, which the verdict says.
    return undefined;
  }
}

/**
 * The form without which it does not fail so any more, where nobody can be asked for registers. Moves are left out last, and
 * rarer forms first: what is common is often needed by what is to blame. Of equal ones the last is nearest to what differs.
 */
export function blameByLeavingOut(c: Case, found: Disagreement, check: (c: Case) => Verdict): string {
  if (found.oracle === "answers") return "?";
  const slots = new Map<string, Set<string>>();
  const moves = new Set<string>();
  c.program.code.forEach((insns, code) => {
    for (const [pc, { row }] of insns.entries()) {
      if (row.kind === "exit" || row.kind === "lddwHigh" || row.kind === "lddw") continue;
      if (row.kind === "alu" && row.op === "mov") moves.add(row.id);
      const of = slots.get(row.id) ?? new Set();
      slots.set(row.id, of.add(slotKey(code, pc)));
    }
  });
  const rareFirst = [...slots]
    .reverse()
    .sort(([a, many], [b, more]) => Number(moves.has(a)) - Number(moves.has(b)) || many.size - more.size)
    .slice(0, MOST_BLAMED);
  for (const [id, of] of rareFirst) {
    const verdict = check({ ...c, program: withoutSlots(c.program, of) });
    if (verdict.kind === "agree") return id;
  }
  return remarkable(c);
}
/** Forms that are left out in turn. */
const MOST_BLAMED = 24;

/** Where no register tells: the first instruction that writes memory, else the first that does more than move a constant. */
function remarkable({ program }: Case): string {
  const insns = program.code.flat();
  const find = (fits: (insn: Insn) => boolean): string | undefined => insns.find(fits)?.row.id;
  return (
    find(({ row }) => row.kind === "store" || row.kind === "storeImm" || row.kind === "atomic") ??
    find(({ row }) => row.kind === "call" || (row.kind === "alu" && row.op !== "mov") || row.kind === "jump") ??
    insns[0]?.row.id ??
    "?"
  );
}
