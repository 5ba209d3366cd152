// Programs in a campaign: cells out of the compiled code, changes with an aim, and the instruction to blame.

import type { Engine } from "../../engines/engine.js";
import { type Checked, checkOrCrash } from "../../properties/cases/check-or-crash.js";
import { checkCase, makeChecker } from "../../properties/cases/program/check.js";
import { PROGRAMS } from "../../properties/cases/program/index.js";
import { mutateCase } from "../../properties/cases/program/mutate/mutate.js";
import { type PackedCase, packCase, unpackCase } from "../../properties/cases/program/packed.js";
import { printCase } from "../../properties/cases/program/text.js";
import { CellRecorder } from "../../properties/coverage/program.js";
import type { Insn } from "../../spec/bpf/insn.js";
import type { Case } from "../../subjects/case.js";
import { contentId } from "../corpus/content-id.js";
import { traceWith } from "../trace-run.js";
import { goalsOf } from "./goals.js";
import type { Trial } from "./trial.js";

export function programTrial(engine: Engine): Trial<Case> {
  const recorder = new CellRecorder();
  const checker = makeChecker({ engines: [engine] });
  const checked = (c: Case, isCounted: boolean): Checked =>
    checkOrCrash(c, (value) => checkCase(value, checker, isCounted ? recorder : undefined));
  return {
    kind: PROGRAMS,
    check(c) {
      recorder.clear();
      const report = checked(c, true);
      const { verdict, slots, words, executed, runs } = report;
      const cost = { slots, words, executed, runs: runs.length, steps: 0 };
      return { judged: verdict, cells: recorder.cells(c, report), cost };
    },
    judge: (c) => checked(c, false).verdict,
    blame(c, { oracle }) {
      if (oracle !== "exec-match" && oracle !== "compiles" && oracle !== "no-exception") return "?";
      const failed = oracle === "exec-match" ? checked(c, false).runs : [];
      const run = failed.find(({ verdict }) => verdict.kind === "disagree");
      return (run && firstDifferent(c, c.inputs[run.input]!)) ?? remarkable(c);
    },
    lesson(c, { title, oracle, notes }) {
      const lines = notes.map((text) => ({ key: "found" as const, text }));
      const lesson = { ...c, title, oracle, notes: lines, expect: expectedOf(checked(c, false), c) };
      return printCase({ ...lesson, id: contentId(lesson) });
    },
    change: mutateCase,
    goals: goalsOf,
    pack: packCase,
    unpack: (packed) => unpackCase(packed as PackedCase),
  };
}

/** What the reference returns: once if it is the same for all inputs, else by input; nothing where it does not return. */
function expectedOf({ runs }: Checked, { inputs }: Case): readonly bigint[] {
  const results = runs.flatMap(({ expected }) => (expected.kind === "returned" ? [expected.r0] : []));
  if (results.length !== inputs.length) return [];
  return results.every((r0) => r0 === results[0]) ? results.slice(0, 1) : results;
}

/** The instruction after which a register differs for the first time, or at which the paths part. */
function firstDifferent(c: Case, input: Uint8Array): string | undefined {
  try {
    const { rows } = traceWith(c, input, () => "");
    const row = rows.find(({ differences }) => differences.length > 0);
    if (row === undefined || typeof row.part !== "number") return undefined;
    const code = row.words[0]?.code ?? 0;
    return c.program.code[code]?.[row.part]?.row.id;
  } catch {
    // What ended the trace ended the run as well, which the verdict says.
    return undefined;
  }
}

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
