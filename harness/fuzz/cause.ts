// What a finding is about: which oracle said no, how, and the first instruction whose result differs. Findings of one
// cause are one finding; while a case is shrunk, oracle and reason must stay what they are.

import type { Case } from "../../properties/case.js";
import type { Verdict } from "../../properties/verdict.js";
import type { Insn } from "../../spec/bpf/insn.js";
import { type Checked, EXCEPTION } from "../check-or-crash.js";
import { traceWith } from "../trace-run.js";

/** Who may say no in a campaign, by the name that `--only` takes. */
export const FUZZ_ORACLES = [
  "exec-match",
  "text-memory",
  "compiles",
  "no-exception",
  "worker-crash",
  "worker-hang",
] as const;
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

type Disagree = Extract<Verdict, { kind: "disagree" }>;

export function oracleOf({ where }: Pick<Disagree, "where">): FuzzOracle {
  if (where === EXCEPTION) return "no-exception";
  if (where === "compilation") return "compiles";
  return where === "text memory" ? "text-memory" : "exec-match";
}

/** Words without numbers and addresses. */
const plain = (text: string): string =>
  text
    .replaceAll(/\b0x[0-9a-f]+|\d+/gi, "N")
    .replaceAll(/\s+/g, " ")
    .slice(0, 80);

export function reasonOf(verdict: Disagree): string {
  const oracle = oracleOf(verdict);
  if (oracle !== "exec-match") return plain(verdict.actual);
  return verdict.where === "outcome" ? `${kindOf(verdict.expected)}, came ${kindOf(verdict.actual)}` : "another result";
}

/** `returned`, `faulted badRead`, ... out of a summary. */
const kindOf = (summary: string): string => {
  const [kind = "", ...rest] = summary.replace(/ at instruction \d+/, "").split(/[ :]+/);
  return kind === "faulted" ? `${kind} ${rest[0] ?? ""}` : kind;
};

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
