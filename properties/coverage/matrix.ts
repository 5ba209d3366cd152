// The coverage matrix: which strategies a row can be lowered by at all, and how many programs had each. A pair that is
// reached and not listed here is worth a look: the JIT does something that nobody expected.

import { type AluRow, type JumpRow, ROWS, type Row } from "../../spec/bpf/isa.js";
import type { Strategy } from "./strategy.js";

const ADDITIVE: readonly Strategy[] = ["immediate", "shifted", "negated", "negatedShifted", "via1", "via2"];
const LOGICAL: readonly Strategy[] = ["bitmask", "via1", "via2"];
const ACCESS: readonly Strategy[] = ["stackOffset", "scaledOffset", "registerOffset"];

/** None for a row that no verifier of this project hands to the JIT. */
export function possibleStrategies(row: Row): readonly Strategy[] {
  switch (row.kind) {
    case "alu":
      return alu(row);
    case "neg":
      return ["register"];
    case "movsx":
      return ["bitfield"];
    case "end":
      if (row.order === "le") return row.bits === 64 ? ["nothing"] : ["bitfield"];
      return row.bits === 16 ? ["reverseExtend"] : ["reverse"];
    case "jump":
      return jump(row);
    case "ja":
      return ["branch"];
    case "exit":
      return ["nothing", "branch"];
    case "load":
    case "store":
    case "storeImm":
      return row.mode === "mem" ? ACCESS : [];
    case "stackArgument":
      if (row.op === "load") return ["register", "scaledOffset"];
      if (row.op === "store") return ["register", "stackOffset"];
      return ["constant1", "constant2", "inverted1", "inverted2", "stackOffset"];
    case "atomic": {
      if (row.mode !== "mem") return [];
      return ["lse", "lseOffset", "loop", "loopOffset", ...(row.fetch ? ["loopCopied" as const] : [])];
    }
    case "call":
      return row.target === "local" ? ["direct"] : row.target === "helper" ? ["direct"] : [];
    case "lddw":
      if (row.source !== "imm64") return [];
      return ["constant1", "constant2", "constant3", "constant4", "inverted1", "inverted2", "inverted3"];
    case "kernel":
      return row.op === "tailCall" ? ["tailCall"] : [];
    case "loadAcquire":
    case "storeRelease":
      return row.mode === "mem" ? ["ordered", "orderedOffset"] : [];
    case "legacyLoad":
    case "mayGoto":
    case "gotox":
    case "lddwHigh":
      return [];
    default:
      return row satisfies never;
  }
}

function alu({ op, operand }: AluRow): readonly Strategy[] {
  if (operand === "reg") return op === "mod" || op === "smod" ? ["quotient"] : ["register"];
  switch (op) {
    case "mov":
      return ["constant1", "constant2", "inverted1", "inverted2"];
    case "add":
    case "sub":
      return ADDITIVE;
    case "and":
    case "or":
    case "xor":
      return LOGICAL;
    case "lsh":
    case "rsh":
    case "arsh":
      return ["bitfield"];
    default:
      return ["via1", "via2"];
  }
}

const jump = ({ op, operand }: JumpRow): readonly Strategy[] =>
  operand === "reg" ? ["register"] : op === "jset" ? LOGICAL : ADDITIVE;

interface PossibleRow {
  readonly row: Row;
  readonly strategies: readonly Strategy[];
}

/** The rows of the matrix, in table order. */
export const POSSIBLE: readonly PossibleRow[] = ROWS.map((row) => ({
  row,
  strategies: possibleStrategies(row),
})).filter(({ strategies }) => strategies.length > 0);

/** Row id -> strategy -> how often. Plain data, since it goes into files. */
export type MatrixCounts = Record<string, Record<string, number>>;

export function addCount(counts: MatrixCounts, row: string, strategy: string, count: number): void {
  counts[row] ??= {};
  counts[row][strategy] = (counts[row][strategy] ?? 0) + count;
}

interface MatrixCoverage {
  readonly reached: number;
  readonly all: number;
  /** `row: strategy`, in table order. */
  readonly missing: readonly string[];
}

/** How many of the possible pairs were reached. */
export function matrixCoverage(counts: MatrixCounts): MatrixCoverage {
  const all = POSSIBLE.flatMap(({ row, strategies }) => strategies.map((strategy) => ({ row: row.id, strategy })));
  const missing = all.filter(({ row, strategy }) => counts[row]?.[strategy] === undefined);
  return {
    reached: all.length - missing.length,
    all: all.length,
    missing: missing.map(({ row, strategy }) => `${row}: ${strategy}`),
  };
}
