// What a finding is about: which oracle said no, how, and the first instruction whose result differs. Findings of one
// cause are one finding; while a case is shrunk, oracle and reason must stay what they are.

import type { Case } from "../../properties/case.js";
import type { Insn } from "../../spec/bpf/insn.js";
import type { Checked } from "../check-or-crash.js";
import { COMPARISON_ORACLES, oracleOf, reasonOf } from "../kinds/objection.js";
import { traceWith } from "../trace-run.js";

/** Who may say no in a campaign, by the name that `--only` takes. */
export const FUZZ_ORACLES = [...COMPARISON_ORACLES, "worker-crash", "worker-hang"] as const;
export type FuzzOracle = (typeof FUZZ_ORACLES)[number];

export interface Cause {
  readonly oracle: FuzzOracle;
  /** How the answers differ, without numbers. */
  readonly reason: string;
  /** Id of an instruction row; `?` where none can be blamed. */
  readonly row: string;
}

/** A name for the cause that can name a directory: `exec-match-mod32-reg`. */
export const causeName = ({ oracle, row }: Pick<Cause, "oracle" | "row">): string =>
  `${oracle}-${row.replaceAll(/[^a-z0-9]+/gi, "-").replaceAll(/^-|-$/g, "") || "unknown"}`;

export function causeOf(c: Case, { verdict, runs }: Checked): Cause | undefined {
  if (verdict.kind !== "disagree") return undefined;
  const oracle = oracleOf(verdict);
  const failed = runs.find((run) => run.verdict.kind === "disagree")?.input;
  const row = oracle === "exec-match" && failed !== undefined ? firstDifferent(c, c.inputs[failed]!) : undefined;
  return { oracle, reason: reasonOf(verdict), row: row ?? (oracle === "text-memory" ? "?" : remarkable(c)) };
}

/** The instruction after which a register differs for the first time, or at which the paths part. */
function firstDifferent(c: Case, input: Uint8Array): string | undefined {
  try {
    const { rows } = traceWith(c, input, () => "");
    const at = rows.findIndex(({ differences }) => differences.length > 0);
    const row = rows[at];
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
