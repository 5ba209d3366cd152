// A program as text, one instruction a line. What is printed parses back to the same program.

import { branchTarget, type Insn } from "../insn.js";
import type { Operands } from "./slot.js";
import { SYNTAXES, type Syntax, type SyntaxName } from "./syntax.js";
import { fill } from "./template.js";

interface PrintOptions {
  readonly syntax?: SyntaxName;
  /** Name branch targets instead of printing distances. Targets outside the program or inside an lddw keep theirs. */
  readonly labels?: boolean;
}

/** The text, every line ended by a newline. */
export function print(program: readonly Insn[], options: PrintOptions = {}): string {
  const labels = options.labels === true ? labelsOf(program) : new Map<number, string>();
  const indent = labels.size > 0 ? "  " : "";
  const lines: string[] = [];
  for (let pc = 0; pc <= program.length; pc++) {
    const name = labels.get(pc);
    if (name !== undefined) lines.push(`${name}:`);
    if (pc < program.length && !isHigh(program, pc)) lines.push(`${indent}${line(program, pc, options, labels)}`);
  }
  return lines.map((text) => `${text}\n`).join("");
}

/** The text of the instruction at `pc`; for the second slot of an lddw a remark in parentheses. */
export const printInsn = (program: readonly Insn[], pc: number, options: PrintOptions = {}): string =>
  line(program, pc, options, new Map());

const isHigh = (program: readonly Insn[], pc: number): boolean =>
  program[pc]?.row.kind === "lddwHigh" && program[pc - 1]?.row.kind === "lddw";

function labelsOf(program: readonly Insn[]): ReadonlyMap<number, string> {
  const labels = new Map<number, string>();
  program.forEach((insn, pc) => {
    const target = branchTarget(insn, pc);
    if (target === undefined || target < 0 || target > program.length || isHigh(program, target)) return;
    labels.set(target, `L${target}`);
  });
  return labels;
}

function line(
  program: readonly Insn[],
  pc: number,
  options: PrintOptions,
  labels: ReadonlyMap<number, string>,
): string {
  const insn = program[pc];
  if (insn === undefined) throw new RangeError(`no instruction at ${pc}, the program has ${program.length} slots`);
  const syntax = SYNTAXES[options.syntax ?? "llvm"];
  const high = insn.row.kind === "lddw" ? (program[pc + 1]?.imm ?? 0) : 0;
  const target = branchTarget(insn, pc);
  const label = target === undefined ? undefined : labels.get(target);
  const { dst, src, off, imm } = insn;
  const operands = { dst, src, off, imm, high, ...(label === undefined ? {} : { label }) };
  return `${text(syntax, insn, operands)}${reserved(insn)}`;
}

/** Fill in the first template that says all there is to say. */
function text(syntax: Syntax, insn: Insn, operands: Operands): string {
  const templates = syntax.templates.get(insn.row) ?? [];
  const fits = templates.find(
    ({ slots }) =>
      slots.has("label") === (operands.label !== undefined) &&
      (insn.row.imm !== "any" || operands.imm === 0 || ["imm", "imm64", "plus"].some((name) => slots.has(name))) &&
      (operands.high === 0 || slots.has("high") || slots.has("imm64")),
  );
  // The widest spelling: a dump shows r11 whatever the dialect.
  return fits === undefined ? `(${insn.row.id} ${insn.imm})` : fill(fits, operands, syntax.spelling.kernel);
}

/** Fields that mean nothing for the row but are not zero, as the kernel dialect has them: ` {off=3}`. */
function reserved(insn: Insn): string {
  const fields = (["dst", "src", "off", "imm"] as const).filter((f) => insn.row[f] === "none" && insn[f] !== 0);
  return fields.length === 0 ? "" : ` {${fields.map((f) => `${f}=${insn[f]}`).join(", ")}}`;
}
